"""A Django project with the applications locking and newsroom.

PGHOST and PGPORT name the cluster. Each test file has a database, whose
tables belong to the role webapp: not a superuser, as in production.
"""
import os
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / 'contrib_web' / 'django')]
# Nothing is written into the checkout.
sys.dont_write_bytecode = True

SETUP = '''
CREATE EXTENSION locking;
GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean),
    locking.break_lock(regclass, text, text),
    locking.take_over(regclass, text, text, interval, boolean, text, text) TO webapp;
GRANT ALL ON SCHEMA public TO webapp;
'''
# Files that run at the same time share the role.
ROLE = '''
SELECT pg_advisory_xact_lock(1);
DO $$ BEGIN CREATE ROLE webapp LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE webapp SET locking.require_owner = on;
'''


def psql(database, text, role='postgres'):
    """Run SQL, and return its values."""
    done = subprocess.run(
        ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', database, '-U', role, '-c', text],
        check=True, stdout=subprocess.PIPE, universal_newlines=True)
    return done.stdout.strip()


def configure(database, **more):
    """Configure Django for an existing database."""
    import django
    from django.conf import settings
    options = {
        'ATOMIC_REQUESTS': more.pop('ATOMIC_REQUESTS', False),
        'CONN_MAX_AGE': None,
    }
    values = {
        'SECRET_KEY': 'of the tests',
        'DEBUG': False,
        'ALLOWED_HOSTS': ['*'],
        'ROOT_URLCONF': 'newsroom.urls',
        'INSTALLED_APPS': ['django.contrib.admin', 'django.contrib.auth', 'django.contrib.contenttypes',
                           'django.contrib.sessions', 'django.contrib.messages', 'django.contrib.staticfiles',
                           'locking', 'newsroom'],
        'MIDDLEWARE': ['django.contrib.sessions.middleware.SessionMiddleware',
                       'django.middleware.csrf.CsrfViewMiddleware',
                       'django.contrib.auth.middleware.AuthenticationMiddleware',
                       'locking.middleware.LockingMiddleware',
                       'django.contrib.messages.middleware.MessageMiddleware'],
        'TEMPLATES': [{
            'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True,
            'OPTIONS': {'context_processors': ['django.template.context_processors.request',
                                               'django.contrib.auth.context_processors.auth',
                                               'django.contrib.messages.context_processors.messages']}}],
        'PASSWORD_HASHERS': ['django.contrib.auth.hashers.MD5PasswordHasher'],
        'DEFAULT_AUTO_FIELD': 'django.db.models.AutoField',
        'STATIC_URL': '/static/',
        'USE_TZ': True,
        'LANGUAGE_CODE': 'en-gb',
        'LOCKING': {'time_until_expiration': 120, 'time_until_warning': 60},
        **more,
        'DATABASES': {'default': {
            'ENGINE': 'django.db.backends.postgresql', 'NAME': database, 'USER': 'webapp',
            'HOST': os.environ['PGHOST'], 'PORT': os.environ['PGPORT'], **options}},
    }
    settings.configure(**values)
    django.setup()


def create(database, **settings):
    """Create the database and its users, and configure Django for it."""
    psql('postgres', ROLE)
    psql('postgres', f'CREATE DATABASE {database} OWNER webapp')
    psql(database, SETUP)
    configure(database, **settings)
    from django.core.management import call_command
    call_command('migrate', verbosity=0)
    from django.contrib.auth.models import Permission, User
    # Editors, who may not end locks of others, and a chief, who may.
    for name, first, last in (('ann', 'Ann', 'Ames'), ('bert', 'Bert', 'Brandt'), ('chief', 'Carla', 'Chief')):
        user = User.objects.create_user(name, password=name, first_name=first, last_name=last, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(content_type__app_label='newsroom'))
    user.user_permissions.add(Permission.objects.get(content_type__app_label='locking', codename='break_lock'))
    User.objects.create_user('eve', password='eve', is_staff=True)


class TestCase(unittest.TestCase):
    """Tests of one file, each with the same rows and without locks."""

    maxDiff = None
    database = None

    def setUp(self):
        from django.db import connection
        from newsroom.models import Article, Review
        psql(self.database, "SET locking.enforce = off; SET locking.hand_over_time = 0;"
             " SELECT locking.break_lock(relation, key, 'end of the test') FROM locking.locks;"
             " TRUNCATE newsroom_article, newsroom_review, newsroom_note, newsroom_team, newsroom_member;"
             " SELECT setval('newsroom_article_id_seq', 100), setval('newsroom_review_id_seq', 100)")
        self.article = Article.objects.create(pk=1, title='Tides', body='Twice a day.', price=3)
        self.other = Article.objects.create(pk=2, title='Dunes', body='Of sand.', price=4)
        self.review = Review.objects.create(pk=1, article=self.article, body='Good')
        self.connection = connection

    def person(self, name, **options):
        """A client of Django's test suite, signed in, with CSRF checks off."""
        from django.contrib.auth.models import User
        from django.test import Client
        client = Client(**options)
        client.force_login(User.objects.get(username=name))
        return client

    def sql(self, text):
        return psql(self.database, text)

    def lock(self, owner, table='newsroom_article', key='1', name=None):
        """Lock a row from elsewhere, and return the token."""
        name = f"'{name}'" if name else 'NULL'
        return self.sql(f"SELECT locking.set_owner('{owner}', {name}, false);"
                        f" SELECT locking.acquire('{table}', '{key}')").split('\n')[-1]

    def owner_of(self, key='1', table='newsroom_article'):
        return self.sql(f"SELECT owner FROM locking.locks WHERE relation = '{table}'::regclass AND key = '{key}'")

    def saved(self, obj, *fields):
        """What is in the database now."""
        obj.refresh_from_db()
        values = [getattr(obj, field) for field in fields]
        return values[0] if len(values) == 1 else values


def main(database, **settings):
    """For a test file: create the database, run its tests, print TAP."""
    import tap
    TestCase.database = database
    create(database, **settings)
    from django.test.utils import setup_test_environment
    setup_test_environment()
    tap.run()
