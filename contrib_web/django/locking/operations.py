"""Operations for migrations: Protect, Unprotect."""
from django.db.migrations.operations.base import Operation

from .protection import protect_sql, unprotect_sql


class _Protection(Operation):
    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name, hard=True, required=False, columns=None, ttl=None, warning=None, parent=None):
        """The arguments of locking.protect().

        `columns` and `parent` are names of fields, times are seconds,
        timedeltas or texts.
        """
        self.model_name = model_name
        self.settings = {'hard': hard, 'required': required, 'columns': columns,
                         'ttl': ttl, 'warning': warning, 'parent': parent}

    def state_forwards(self, app_label, state):
        pass

    def _protect(self, app_label, schema_editor, state):
        self._run(app_label, schema_editor, state, lambda *args: protect_sql(*args, **self.settings))

    def _unprotect(self, app_label, schema_editor, state):
        self._run(app_label, schema_editor, state, unprotect_sql)

    def _run(self, app_label, schema_editor, state, sql):
        model = state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        if connection.vendor == 'postgresql' and self.allow_migrate_model(connection.alias, model):
            # At the end of the migration, as are new foreign keys.
            schema_editor.deferred_sql.append(sql(connection, model))


class Protect(_Protection):
    """Protects a model's table: its rows can be locked."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        self._protect(app_label, schema_editor, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        self._unprotect(app_label, schema_editor, from_state)

    def describe(self):
        return f'Protect the rows of model {self.model_name} by locks'

    @property
    def migration_name_fragment(self):
        return f'protect_{self.model_name.lower()}'


class Unprotect(_Protection):
    """Removes the protection. The settings are those that Protect() had."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        self._unprotect(app_label, schema_editor, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        self._protect(app_label, schema_editor, to_state)

    def describe(self):
        return f'No longer protect the rows of model {self.model_name}'

    @property
    def migration_name_fragment(self):
        return f'unprotect_{self.model_name.lower()}'
