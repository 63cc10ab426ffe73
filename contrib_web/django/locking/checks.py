"""What is missing in a project's settings, and in its databases."""
from django.conf import settings
from django.core.checks import Warning
from django.db import connections
from django.urls import NoReverseMatch, reverse

from .owner import MAY_NOT_NAME, MISSING_GRANT

MIDDLEWARE = 'locking.middleware.LockingMiddleware'


def check_middleware(app_configs, **kwargs):
    if MIDDLEWARE in settings.MIDDLEWARE:
        return []
    return [Warning(
        'Outside of LockableAdmin, no user is named as the owner of what a request writes.',
        hint=f"Add '{MIDDLEWARE}' to MIDDLEWARE, after AuthenticationMiddleware.", id='locking.W001')]


def check_urls(app_configs, **kwargs):
    try:
        reverse('locking:variables')
    except NoReverseMatch:
        return [Warning(
            'The pages of LockableAdmin cannot renew their locks.',
            hint="Include 'locking.urls', before the admin's: path('admin/ajax/', include('locking.urls')).",
            id='locking.W002')]
    return []


def check_privileges(app_configs, databases=None, **kwargs):
    """By migrate, and by check --database.

    A warning, as migrations may have a role of their own.
    """
    return [Warning(MAY_NOT_NAME, hint=f'A superuser has to run: {grant}', obj=alias, id='locking.W003')
            for alias in databases or [] if connections[alias].vendor == 'postgresql'
            for grant in _missing_grants(connections[alias])]


def _missing_grants(connection):
    with connection.cursor() as cursor:
        cursor.execute(MISSING_GRANT)
        return [grant for grant, in cursor.fetchall()]
