"""Locks of articles, for an application whose users share one connection."""
import math
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb


class User(NamedTuple):
    login: str
    name: str


class Opened(NamedTuple):
    token: int
    title: str


class RowLocked(Exception):
    """Another user holds the lock."""

    def __init__(self, who, seconds):
        super().__init__(f'locked by {who} for another {math.ceil(seconds)} seconds')
        self.who = who
        self.seconds = seconds


class LockLost(Exception):
    """The lock has ended, and the row may have been written since."""


def connect():
    # A pooler in transaction mode does not keep prepared statements. With
    # autocommit, only transaction() begins transactions.
    return psycopg.connect(autocommit=True, prepare_threshold=None, row_factory=namedtuple_row)


@contextmanager
def transaction(connection, user):
    """A transaction that has the user as the owner of locks."""
    try:
        with connection.transaction():
            connection.execute('SELECT locking.set_owner(lower(%s), %s)', user)
            yield
    except psycopg.DatabaseError as error:
        if error.sqlstate == 'LK001':
            raise LockLost(error.diag.message_detail) from error
        raise


def open_article(connection, user, key):
    """Lock an article and read it, or raise RowLocked."""
    with transaction(connection, user):
        lock = connection.execute(
            "SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', %s::int)", [key]).fetchone()
        if not lock.granted:
            raise RowLocked(lock.owner_name, lock.seconds_left)
        # a later statement, which sees what the last holder saved
        row = connection.execute('SELECT title FROM article WHERE id = %s', [key]).fetchone()
        return Opened(lock.token, row.title)


def renew(connection, user, token, draft):
    """Extend a lock, keep unsaved text, and return the seconds left."""
    with transaction(connection, user):
        return connection.execute(
            'SELECT extract(epoch FROM locking.renew(%s, draft => %s) - clock_timestamp()) AS seconds',
            [token, Jsonb({'title': draft})]).fetchone().seconds


def save(connection, user, key, token, title):
    """Save an article and end its lock, or raise LockLost."""
    with transaction(connection, user):
        connection.execute('SELECT locking.confirm(%s)', [token])
        connection.execute('UPDATE article SET title = %s WHERE id = %s', [title, key])
        connection.execute('SELECT locking.release(%s)', [token])


def end_lock(connection, moderator, key, reason):
    """End the lock of any user."""
    with transaction(connection, moderator):
        connection.execute("SELECT locking.break_lock('article', %s::int, %s)", [key, reason])
