"""Protect(), what migrate protects by itself, and the checks."""
import io
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import TestCase, main  # noqa: E402

SETTINGS = '''SELECT concat_ws(' ', hard, required, columns, ttl, warning, parent) FROM locking.protected_tables
    WHERE relation = '{}'::regclass'''


class Migrations(TestCase):
    def settings(self, table):
        return self.sql(SETTINGS.format(table))

    def run_operation(self, operation, backwards=False):
        from django.apps import apps
        from django.db.migrations.state import ProjectState
        state = ProjectState.from_apps(apps)
        run = operation.database_backwards if backwards else operation.database_forwards
        with self.connection.schema_editor() as editor:
            run('newsroom', editor, state, state)

    def test_migrated(self):
        """tables are protected as their migrations say, fields by their columns"""
        self.assertEqual(self.settings('newsroom_article'), 't f {title,body,price,published}')
        self.assertRegex(self.settings('newsroom_review'), r'^t f newsroom_review_article_id_\w+$')
        self.assertEqual(self.settings('newsroom_note'), 't t 00:10:00')

    def test_automatic(self):
        """tables of LockableAdmin are protected by migrate, inlines by their parent"""
        self.assertEqual(self.settings('newsroom_team'), 't f')
        self.assertRegex(self.settings('newsroom_member'), r'^t f newsroom_member_team_id_\w+$')
        self.assertEqual(self.settings('auth_user'), '')

    def test_again(self):
        """another migrate changes nothing"""
        from django.core.management import call_command
        call_command('migrate', verbosity=0)
        self.test_migrated()

    def test_arguments(self):
        """all arguments of locking.protect(), times in three ways, and back"""
        from locking.operations import Protect, Unprotect
        before = self.settings('newsroom_article')
        protect = Protect('Article', hard=False, columns=['title'], ttl=timedelta(minutes=5), warning='2 min')
        self.run_operation(protect)
        self.assertEqual(self.settings('newsroom_article'), 'f f {title} 00:05:00 00:02:00')
        self.run_operation(protect, backwards=True)
        self.assertEqual(self.settings('newsroom_article'), '')
        unprotect = Unprotect('Article', columns=['title', 'body', 'price', 'published'])
        self.run_operation(unprotect, backwards=True)
        self.assertEqual(self.settings('newsroom_article'), before)
        self.run_operation(unprotect)
        self.assertEqual(self.settings('newsroom_article'), '')
        self.run_operation(unprotect, backwards=True)

    def test_written(self):
        """the operation can be written into a migration, and shown as SQL"""
        from django.core.management import call_command
        from django.db.migrations.writer import OperationWriter
        from locking.operations import Protect
        text, imports = OperationWriter(Protect('Article', ttl=60)).serialize()
        self.assertRegex(text, r"^\s*locking\.operations\.Protect\(\s*model_name='Article',\s*ttl=60,\s*\),$")
        out = io.StringIO()
        call_command('sqlmigrate', 'newsroom', '0001', stdout=out)
        self.assertIn("SELECT locking.protect('\"newsroom_article\"'::regclass", out.getvalue())

    def test_no_changes(self):
        """the models and the migrations of both applications agree"""
        from django.core.management import call_command
        call_command('makemigrations', '--check', '--dry-run', verbosity=0)

    def test_checks(self):
        """what is missing in the settings is told"""
        from django.core.checks import run_checks
        from django.test import override_settings
        from django.urls import clear_url_caches
        self.assertEqual([each.id for each in run_checks()], [])
        with override_settings(MIDDLEWARE=[]):
            self.assertIn('locking.W001', [each.id for each in run_checks()])
        with override_settings(ROOT_URLCONF='django.contrib.auth.urls'):
            clear_url_caches()
            self.assertIn('locking.W002', [each.id for each in run_checks()])
        clear_url_caches()

    def test_model(self):
        """the view of all locks is a model"""
        from locking.models import Lock
        from locking.owner import acting_as
        self.lock('ann')
        with acting_as('ann'):
            lock = Lock.objects.get(table_name='newsroom_article', key='1')
        self.assertEqual((lock.owner, lock.is_mine, str(lock)), ('ann', True, 'newsroom_article 1: ann'))


if __name__ == '__main__':
    main('clients_django_migrations')
