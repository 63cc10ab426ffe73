"""The owner of locks: who it is here, and naming it in each transaction.

The owner is kept in a context variable, which follows a request through
threads and coroutines, and is forgotten at its end. In the database it is
named by locking.set_owner() until the end of the transaction, so no
connection carries it to the next request.
"""
import re
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils.module_loading import import_string

from . import conf

# A function without arguments that returns (owner, display name), or None.
_source = ContextVar('locking_owner', default=None)

# Statements that need an owner: those that write, and those that use the
# extension. Others, such as most queries, cost nothing.
CONCERNED = re.compile(r'\b(?:insert|update|delete|merge|truncate|locking)\b', re.IGNORECASE)

# Of the extension's function, if there is the extension.
MISSING_GRANT = '''
SELECT 'GRANT EXECUTE ON FUNCTION ' || f || ' TO ' || pg_catalog.quote_ident(current_user)
FROM pg_catalog.to_regprocedure('locking.set_owner(text, text, boolean)') f
WHERE NOT pg_catalog.has_function_privilege(f, 'EXECUTE')'''
MAY_NOT_NAME = 'The role of the database connection may not name the owner of locks.'

LONGEST_NAME = 255  # bytes, as in locking.max_name_length


def owner_of_user(user):
    return user.get_username(), user.get_full_name()


def current_owner():
    """Return (owner, display name), or None where none is named."""
    source = _source.get()
    if source is None:
        return None
    # Finding the owner may run statements, which have none.
    token = _source.set(None)
    try:
        return source()
    finally:
        _source.reset(token)


@contextmanager
def _source_is(source):
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def acting_as(owner, display_name=''):
    """Name the owner of everything that the block writes: a job, a user."""
    return _source_is(lambda: (owner, display_name))


def acting_for(request):
    """Name the request's user.

    The user is looked up by the first statement that needs an owner, since
    most requests have none, and may sign in meanwhile.
    """
    def source():
        user = getattr(request, 'user', None)
        if user is None or not user.is_authenticated:
            return None
        return import_string(conf.get('owner'))(user)

    return _source_is(source)


def _as_name(text):
    """Return a display name that set_owner() accepts, or None."""
    text = ' '.join(''.join(c if c.isprintable() else ' ' for c in text or '').split())
    return text.encode()[:LONGEST_NAME].decode(errors='ignore').strip() or None


class NameOwner:
    """Wraps the statements of a connection: names the owner before them.

    Within a transaction it is named once. Outside of one, the statement gets
    a transaction of its own, since the name would otherwise end before it.
    """

    def __init__(self):
        self._is_available = False
        # Where the owner has been named: Django replaces this list at the
        # end of each transaction, and when a savepoint is rolled back.
        self._hooks = None
        self._owner = None

    def __call__(self, execute, sql, params, many, context):
        connection = context['connection']
        if not CONCERNED.search(str(sql)):
            return execute(sql, params, many, context)
        owner = current_owner()
        if not connection.get_autocommit():
            self._name(connection, owner)
            return execute(sql, params, many, context)
        if owner is None:
            return execute(sql, params, many, context)
        with transaction.atomic(using=connection.alias):
            self._name(connection, owner)
            return execute(sql, params, many, context)

    def _name(self, connection, owner):
        is_known = connection.in_atomic_block and self._hooks is connection.run_on_commit
        if owner == (self._owner if is_known else None):
            return
        connection.validate_no_broken_transaction()
        name, display_name = owner or ('', '')
        # Not by Django's cursor, which would come here again.
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            if self._finds_extension(cursor):
                cursor.execute('SELECT locking.set_owner(%s, %s)', [name, _as_name(display_name)])
        self._hooks, self._owner = connection.run_on_commit, owner

    def _finds_extension(self, cursor):
        if not self._is_available:
            self._check_privilege(cursor)
            cursor.execute("SELECT pg_catalog.to_regprocedure('locking.set_owner(text, text, boolean)') IS NOT NULL")
            self._is_available = cursor.fetchone()[0]
        return self._is_available

    @staticmethod
    def _check_privilege(cursor):
        cursor.execute(MISSING_GRANT)
        missing = cursor.fetchone()
        if missing:
            raise ImproperlyConfigured(f'{MAY_NOT_NAME} A superuser has to run: {missing[0]}')


def watch(connection, **kwargs):
    """Receiver of connection_created: names owners on that connection."""
    if connection.vendor != 'postgresql':
        return
    wrappers = connection.execute_wrappers
    wrappers[:] = [each for each in wrappers if not isinstance(each, NameOwner)]
    wrappers.append(NameOwner())
