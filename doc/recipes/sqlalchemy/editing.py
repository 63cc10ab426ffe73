"""Locks of articles, for sessions of SQLAlchemy's ORM."""
import math
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Column, Integer, Numeric, String, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.pool import NullPool

# The pooler keeps connections, so SQLAlchemy does not. libpq finds it by the
# environment (PGHOST and so on).
engine = create_engine('postgresql+psycopg2://', poolclass=NullPool, future=True)
Base = declarative_base()


class Article(Base):
    __tablename__ = 'article'

    id = Column(Integer, primary_key=True)
    title = Column(String, nullable=False)
    price = Column(Numeric(8, 2), nullable=False)


class User(NamedTuple):
    login: str
    name: str


class RowLocked(Exception):
    """Another user holds the lock."""

    def __init__(self, who, seconds):
        super().__init__(f'locked by {who} for another {math.ceil(seconds)} seconds')
        self.who = who
        self.seconds = seconds


class LockLost(Exception):
    """The lock has ended, and the row may have been written since."""


@event.listens_for(Session, 'after_begin')
def name_owner(session, transaction, connection):
    """Name the user of a session as the owner, in each transaction."""
    if 'user' in session.info:
        connection.execute(text('SELECT locking.set_owner(lower(:login), :name)'), session.info['user']._asdict())


@contextmanager
def session_of(user):
    """A session with one transaction, on behalf of a user."""
    try:
        with Session(engine, info={'user': user}, expire_on_commit=False, future=True) as session, session.begin():
            yield session
    except DBAPIError as error:
        if error.orig.pgcode == 'LK001':
            raise LockLost(error.orig.diag.message_detail) from error
        raise


def open_article(user, key):
    """Lock an article and read it; return token and article, or raise RowLocked."""
    with session_of(user) as session:
        lock = session.execute(
            text("SELECT granted, token, owner_name, seconds_left FROM locking.try_acquire('article', :key)"), {'key': key}).one()
        if not lock.granted:
            raise RowLocked(lock.owner_name, lock.seconds_left)
        # a later statement, which sees what the last holder saved
        return lock.token, session.get(Article, key)


def renew(user, token, draft):
    """Extend a lock, keep unsaved text, and return the seconds left."""
    with session_of(user) as session:
        return session.execute(
            text("SELECT extract(epoch FROM locking.renew(:token, draft => jsonb_build_object('title', CAST(:draft AS text)))"
                 ' - clock_timestamp())'), {'token': token, 'draft': draft}).scalar_one()


def save(user, token, article):
    """Save an article and end its lock, or raise LockLost."""
    with session_of(user) as session:
        session.execute(text('SELECT locking.confirm(:token)'), {'token': token})
        session.merge(article)
        session.flush()
        session.execute(text('SELECT locking.release(:token)'), {'token': token})


def end_lock(moderator, key, reason):
    """End the lock of any user."""
    with session_of(moderator) as session:
        session.execute(text("SELECT locking.break_lock('article', :key, :reason)"), {'key': key, 'reason': reason})
