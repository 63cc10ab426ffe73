"""Protecting tables: as SQL, and after each migrate those of LockableAdmin."""
from datetime import timedelta

from django.db import connections, models, router


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        value = f'{value.total_seconds()} seconds'
    elif isinstance(value, (int, float)):
        value = f'{value} seconds'
    return "'{}'".format(str(value).replace("'", "''"))


def table_literal(connection, model):
    return f'{literal(connection.ops.quote_name(model._meta.db_table))}::regclass'


def _columns(model, names):
    if names is None:
        return 'NULL'
    columns = ', '.join(literal(model._meta.get_field(name).column) for name in names)
    return f'ARRAY[{columns}]::name[]'


def _foreign_key(connection, model, name):
    """The name of a field's constraint, looked up when the SQL runs."""
    if name is None:
        return 'NULL'
    table, column = table_literal(connection, model), literal(model._meta.get_field(name).column)
    return (f'(SELECT c.conname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_attribute a'
            f' ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]'
            f" WHERE c.conrelid = {table} AND c.contype = 'f' AND a.attname = {column})")


def protect_sql(connection, model, hard=True, required=False, columns=None, ttl=None, warning=None, parent=None):
    return (f'SELECT locking.protect({table_literal(connection, model)}, hard => {literal(hard)},'
            f' required => {literal(required)}, columns => {_columns(model, columns)},'
            f' ttl => {literal(ttl)}, warning => {literal(warning)},'
            f' parent => {_foreign_key(connection, model, parent)})')


def unprotect_sql(connection, model):
    return f'SELECT locking.unprotect({table_literal(connection, model)})'


# Tables of LockableAdmin

def admin_tables():
    """Return models of LockableAdmin classes, and of their inlines.

    {model: name of its foreign key to the row that is locked, or None}
    """
    from django.contrib.admin.sites import all_sites

    from .admin import LockableAdmin
    found = {}
    registered = [(model, each) for site in all_sites for model, each in site._registry.items()
                  if isinstance(each, LockableAdmin)]
    for model, model_admin in registered:
        for inline in model_admin.inlines:
            parent = _parent_of(inline, model)
            if parent is not None:
                found.setdefault(inline.model._meta.concrete_model, parent)
    # A row that has a form of its own has a lock of its own, too: by its
    # parent it is guarded besides.
    for model, _ in registered:
        found.setdefault(model._meta.concrete_model, None)
    return found


def _parent_of(inline, model):
    from django.forms.models import _get_foreign_key
    if not hasattr(inline, 'fk_name'):  # of generic relations
        return None
    field = _get_foreign_key(model, inline.model, fk_name=inline.fk_name, can_fail=True)
    return field.name if isinstance(field, models.ForeignKey) and field.db_constraint else None


def protect_admin_tables(using='default', apps=None, **kwargs):
    """Receiver of post_migrate: protects tables that are not yet.

    So LockableAdmin is enough, and Protect() in a migration counts.
    """
    from django.apps import apps as installed
    connection = connections[using]
    if connection.vendor != 'postgresql' or not installed.is_installed('django.contrib.admin'):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.to_regclass('locking.protected_tables') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        # Parents first: protecting a child warns of one that is not.
        for model, parent in sorted(admin_tables().items(), key=lambda item: item[1] is not None):
            if router.allow_migrate_model(using, model) and _is_open(cursor, connection, model):
                cursor.execute(protect_sql(connection, model, parent=parent))


def _is_open(cursor, connection, model):
    """Is there a table, and is it not protected?"""
    cursor.execute(
        'SELECT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(%s)'
        ' AND NOT EXISTS (SELECT FROM locking.protected_tables p WHERE p.relation = c.oid))',
        [connection.ops.quote_name(model._meta.db_table)])
    return cursor.fetchone()[0]
