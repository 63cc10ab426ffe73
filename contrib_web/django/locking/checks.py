"""What is missing in a project's settings."""
from django.conf import settings
from django.core.checks import Warning
from django.urls import NoReverseMatch, reverse

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
