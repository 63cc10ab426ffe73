"""Refusals of the database, as something that can be shown to a user."""
from django.utils.translation import gettext

from . import sentences

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


def refusal_of(error):
    """Return the Refusal that an exception stands for, or None."""
    if isinstance(error, Refused):
        return error.refusal
    sqlstate = sqlstate_of(error)
    diag = getattr(error.__cause__, 'diag', None)
    message, detail, table = (getattr(diag, name, None) or '' for name in ('message_primary', 'message_detail', 'table_name'))
    if sqlstate == LOCKED:
        return Refusal(sqlstate, sentences.locked(message, detail))
    if sqlstate == LOST:
        return Refusal(sqlstate, sentences.lost(detail))
    if sqlstate == REQUIRED:
        return Refusal(sqlstate, sentences.required(table))
    if sqlstate == DEADLOCK:
        return Refusal(sqlstate, gettext('Another user is saving the same rows. Try again.'))
    return None
