"""Refusals of the database, as something that can be shown to a user."""
from django.utils.translation import gettext, ngettext

# What Django's exceptions do not tell apart: a lost connection is an
# OperationalError, too, and unknown codes are a DatabaseError.
LOCKED, LOST, REQUIRED, DEADLOCK = '55P03', 'LK001', 'LK002', '40P01'


class Refusal:
    """Why something was not saved. `message` is for the user."""

    def __init__(self, sqlstate, message):
        self.sqlstate = sqlstate
        self.message = message

    def __str__(self):
        return str(self.message)

    @property
    def status(self):
        return 423 if self.sqlstate == LOCKED else 409


class Refused(Exception):
    """Raised where the application itself finds the row locked."""

    def __init__(self, refusal):
        super().__init__(refusal.message)
        self.refusal = refusal


def sqlstate_of(error):
    cause = error.__cause__
    return getattr(cause, 'sqlstate', None) or getattr(cause, 'pgcode', None)


def _sentences(error):
    """The database's message and detail: row, holder, since when."""
    diag = getattr(error.__cause__, 'diag', None)
    message = getattr(diag, 'message_primary', None) or str(error)
    detail = getattr(diag, 'message_detail', None) or ''
    return f'{message[:1].upper()}{message[1:]}. {detail}'.strip()


def detail_of(error):
    return getattr(getattr(error.__cause__, 'diag', None), 'message_detail', None) or ''


def refusal_of(error):
    """Return the Refusal that an exception stands for, or None."""
    if isinstance(error, Refused):
        return error.refusal
    sqlstate = sqlstate_of(error)
    if sqlstate in (LOCKED, LOST, REQUIRED):
        return Refusal(sqlstate, _sentences(error))
    if sqlstate == DEADLOCK:
        return Refusal(sqlstate, gettext('Another user is saving the same rows. Try again.'))
    return None


def duration(seconds):
    """How long a lock lasts, rounded up to what a person reads."""
    seconds = max(1, int(-(-seconds // 1)))
    if seconds < 60:
        return ngettext('%d second', '%d seconds', seconds) % seconds
    minutes = -(-seconds // 60)
    if minutes < 120:
        return ngettext('%d minute', '%d minutes', minutes) % minutes
    hours = -(-minutes // 60)
    return ngettext('%d hour', '%d hours', hours) % hours
