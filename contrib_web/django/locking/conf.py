"""The setting LOCKING."""
from django.conf import settings

DEFAULTS = {
    # Seconds. None: what Protect() or the database says.
    'time_until_expiration': None,
    'time_until_warning': None,
    # A function of a user that returns the owner and its display name.
    'owner': 'locking.owner.owner_of_user',
    # Address of locking-web, for pages with <locking-form>.
    'web': None,
}


def get(name):
    return getattr(settings, 'LOCKING', {}).get(name, DEFAULTS[name])
