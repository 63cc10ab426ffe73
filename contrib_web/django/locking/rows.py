"""Locks of a model's rows: the functions of the extension."""
from dataclasses import dataclass

from django.db import DatabaseError, connections, router, transaction
from django.utils.translation import gettext

from . import conf
from .refusal import LOCKED, LOST, Refusal, Refused, refusal_of, sqlstate_of
from .sentences import duration

# The lifetime of a lock: the table's, the setting LOCKING's, the database's.
LIFETIME = '''least(
    coalesce(p.ttl, make_interval(secs => %s), current_setting('locking.time_until_expiration')::interval),
    current_setting('locking.max_ttl')::interval)'''

NO_SUCH_ROW = 'P0002'
# confirm() of another owner's token, and of one that was handed over
# meanwhile.
NOT_OF_PAGE = ('42501', '55000')
# Seconds for which a page that was left keeps its lock. It is not ended at
# once, as another page of the user may still edit the row.
LEAVING = 15


@dataclass
class Lock:
    """A lock on a row, or what became of an attempt to get it."""

    token: int
    owner: str
    owner_name: str
    seconds_left: float
    is_mine: bool

    @property
    def who(self):
        """As the database's own messages name owners."""
        return f'{self.owner_name} ({self.owner})' if self.owner_name else self.owner

    @property
    def time_left(self):
        return duration(self.seconds_left)


class Row:
    """The row of an object. All methods act for the current owner."""

    def __init__(self, model, pk, using=None):
        self.model = model._meta.concrete_model
        self.using = using or router.db_for_write(self.model)
        self.key = str(pk)
        self.table = table_of(self.model, self.using)

    @classmethod
    def of(cls, obj, using=None):
        return cls(type(obj), obj.pk, using)

    def _fetch(self, sql, params):
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchone()

    def _call(self, function, *args):
        return self._fetch(f'SELECT locking.{function}({", ".join(["%s"] * len(args))})', args)[0]

    def is_protected(self):
        return self._fetch(
            'SELECT EXISTS (SELECT FROM locking.protected_tables p WHERE p.relation = %s::regclass)', [self.table])[0]

    def lock(self):
        """Return the Lock on the row, or None."""
        found = self._fetch(
            'SELECT l.token, l.owner, l.owner_name, l.seconds_left, l.is_mine'
            ' FROM locking.protected_tables p, LATERAL locking.locks_of(p.relation, ARRAY[%s]) l'
            ' WHERE p.relation = %s::regclass', [self.key, self.table])
        return Lock(*found) if found else None

    def version(self):
        """Which transaction wrote the row last."""
        column = connections[self.using].ops.quote_name(self.model._meta.pk.column)
        found = self._fetch(f'SELECT xmin::text FROM {self.table} WHERE {column} = %s', [self.key])
        return found[0] if found else None

    def acquire(self):
        """Try to lock the row; the user's own lock is renewed.

        Return the Lock on the row, of whichever owner. None: the table is
        not protected, or there is no such row.
        """
        try:
            with transaction.atomic(using=self.using):
                found = self._fetch(
                    'SELECT a.token, a.owner, a.owner_name, a.seconds_left, a.granted'
                    ' FROM locking.protected_tables p,'
                    f' LATERAL locking.try_acquire(p.relation, %s::text, {LIFETIME}) a'
                    ' WHERE p.relation = %s::regclass', [self.key, conf.get('time_until_expiration'), self.table])
        except DatabaseError as error:
            if sqlstate_of(error) == NO_SUCH_ROW:
                return None
            raise
        return Lock(*found) if found else None

    def renew(self, token, leaving=False):
        """Keep the lock; for a page that is left, for a short time only."""
        lifetime = f'least({LIFETIME}, make_interval(secs => {LEAVING}))' if leaving else LIFETIME
        return self._fetch(
            f'SELECT extract(epoch FROM locking.renew(%s::bigint, {lifetime}) - clock_timestamp())::float8'
            ' FROM locking.protected_tables p WHERE p.relation = %s::regclass',
            [token, conf.get('time_until_expiration'), self.table])[0]

    def confirm(self, token):
        """Hold the lock until the end of the transaction.

        Raises DatabaseError (LK001) if it is lost, and Refused if it is not
        on this row: a page sends the token.
        """
        self._call('confirm', int(token))
        lock = self.lock()
        if lock is None or not lock.is_mine or lock.token != int(token):
            raise Refused(not_of_page())

    def release(self, token):
        return self._call('release', int(token))

    def discard_drafts(self):
        self._fetch('SELECT locking.discard_draft(%s::regclass, %s::text)', [self.table, self.key])

    def break_lock(self, reason):
        return self._fetch('SELECT locking.break_lock(%s::regclass, %s::text, %s)', [self.table, self.key, reason])[0]

    def take_over(self, reason):
        return self._fetch('SELECT locking.take_over(%s::regclass, %s::text, %s)', [self.table, self.key, reason])[0]

    def refusal(self, lock):
        """The Refusal because of another owner's lock."""
        return Refusal(LOCKED, gettext('%(who)s is editing this %(name)s, for another %(time)s.') % {
            'who': lock.who, 'name': self.model._meta.verbose_name, 'time': lock.time_left})

    def check(self, token):
        """Confirm in the present transaction.

        Return a Refusal, or None if the row may be written.
        """
        if not is_token(token):
            if not self.is_protected():
                return None
            lock = self.lock()
            if lock is not None and not lock.is_mine:
                return self.refusal(lock)
            return not_of_page()
        try:
            with transaction.atomic(using=self.using):
                self.confirm(token)
        except (DatabaseError, Refused) as error:
            return self.refusal_of(error)
        return None

    def refusal_of(self, error):
        """Why confirm() or renew() failed."""
        refusal = not_of_page() if sqlstate_of(error) in NOT_OF_PAGE else refusal_of(error)
        if refusal is None:
            raise error
        lock = self.lock()
        if lock is not None and not lock.is_mine:
            return self.refusal(lock)
        return refusal


class WriteLocks:
    """Locks for writes that no page has locked: deleting, lists, actions.

    They are ended in the transaction that writes.
    """

    def __init__(self):
        self._ended_later = []

    def acquire(self, row):
        """Return a Refusal if another owner has the row."""
        before = row.lock()
        if before is not None and not before.is_mine:
            return row.refusal(before)
        lock = row.acquire()
        if lock is not None and not lock.is_mine:
            return row.refusal(lock)
        if lock is not None and before is None:
            self._ended_later.append((row, lock.token))
        return None

    def acquire_or_raise(self, row):
        refusal = self.acquire(row)
        if refusal is not None:
            raise Refused(refusal)

    def release(self):
        for row, token in self._ended_later:
            row.release(token)
        self._ended_later.clear()


def not_of_page():
    return Refusal(LOST, gettext('The page did not lock this row.'))


def is_token(text):
    return bool(text) and text.isdecimal() and int(text) < 2 ** 63


def table_of(model, using):
    """The table's name as SQL writes it."""
    return connections[using].ops.quote_name(model._meta.db_table)


def locks_of(model, pks, using):
    """Return the locks of many rows, by key, in one query."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            'SELECT l.key, l.token, l.owner, l.owner_name, l.seconds_left, l.is_mine'
            ' FROM locking.protected_tables p, LATERAL locking.locks_of(p.relation, %s::text[]) l'
            ' WHERE p.relation = %s::regclass',
            [[str(pk) for pk in pks], table_of(model._meta.concrete_model, using)])
        return {key: Lock(*rest) for key, *rest in cursor.fetchall()}
