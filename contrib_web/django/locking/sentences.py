"""What the extension's messages say, in the user's language.

The messages are English. The names and times in them are put into sentences
of the application, which has translations.
"""
import re

from django.apps import apps
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop, ngettext

ROW = r'row "(?P<key>.*)" of table "(?P<name>.*?)"'
ANY_ROW = r'a row of table "(?P<name>.*?)"'
UNITS = {'second': 1, 'minute': 60, 'hour': 3600, 'day': 86400}

# Of 55P03: message, sentence.
LOCKED = (
    (ROW + r' is locked by you in another client',
     gettext_noop('%(name)s "%(key)s" is locked by you in another client.')),
    (ROW + r' is locked by (?P<who>.*?)(?:, and with it its rows in ".*")?',
     gettext_noop('%(name)s "%(key)s" is locked by %(who)s.')),
    (ROW + r' is reserved for (?P<who>.*)', gettext_noop('%(name)s "%(key)s" is reserved for %(who)s.')),
    (ANY_ROW + r' is locked by another owner.*', gettext_noop('%(name)s: the row is locked by another user.')),
    (ANY_ROW + r' is reserved for another owner', gettext_noop('%(name)s: the row is reserved for another user.')),
)
TIME_LEFT = r'(?:Locked since|Its lock expired,) [^,]*, for another (?P<time>[\w ]+)[.:].*'

# Of LK001: detail, sentence.
ENDINGS = (
    (r'It expired at (?P<at>.*?), and another owner has written the row, or a row that refers to it, since\.',
     gettext_noop('It expired on %(at)s, and another user has changed the row since.')),
    (r'It expired at (?P<at>.*?), and the row was written or deleted since\.',
     gettext_noop('It expired on %(at)s, and the row was changed or deleted since.')),
    (r'It was handed over to (?P<who>.*) at (?P<at>.*?)\.', gettext_noop('It was handed over to %(who)s on %(at)s.')),
    (r'It was handed over at (?P<at>.*?)\.', gettext_noop('It was handed over on %(at)s.')),
    (r'It was released at (?P<at>.*?)\.', gettext_noop('It was released on %(at)s.')),
    (r'It was broken by (?P<who>.*?) at (?P<at>.*?): (?P<why>.*)\.',
     gettext_noop('It was broken by %(who)s on %(at)s: %(why)s.')),
    (r'It was broken by (?P<who>.*?) at (?P<at>.*?)\.', gettext_noop('It was broken by %(who)s on %(at)s.')),
    (r'It was broken at (?P<at>.*?)\.', gettext_noop('It was broken on %(at)s.')),
    (r'It was taken over by (?P<who>.*?) at (?P<at>.*?): (?P<why>.*)\.',
     gettext_noop('It was taken over by %(who)s on %(at)s: %(why)s.')),
    (r'It was taken over by (?P<who>.*?) at (?P<at>.*?)\.', gettext_noop('It was taken over by %(who)s on %(at)s.')),
    (r'It was taken over at (?P<at>.*?)\.', gettext_noop('It was taken over on %(at)s.')),
    (r'It expired, and the row was locked again by (?P<who>.*) at (?P<at>.*?)\.',
     gettext_noop('It expired, and %(who)s locked the row on %(at)s.')),
    (r'It expired, and (?:the row was locked again|its record was removed) at .*', gettext_noop('It expired.')),
)


def locked(message, detail):
    """Say who has which row, and for how long."""
    found = _find(LOCKED, message)
    if found is None:
        return gettext('Another user is saving the same rows. Try again.')
    time = _match(TIME_LEFT, detail)
    if time is None:
        return found
    return found + ' ' + gettext('For another %(time)s.') % time


def lost(detail):
    """Say that a lock has ended, and how."""
    how = _find(ENDINGS, detail) or gettext('The row was changed, deleted or unlocked, or you may no longer change it.')
    return gettext('Your lock has ended. %(how)s') % {'how': how}


def required(table):
    return gettext('%(name)s: rows can only be changed with a lock on them.') % {'name': _name(table or '')}


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


def _find(sentences, text):
    """The sentence for a text of the extension, or None."""
    for pattern, sentence in sentences:
        values = _match(pattern, text)
        if values is not None:
            return gettext(sentence) % values
    return None


def _match(pattern, text):
    """Return the parts of a text for users, by name, or None."""
    match = re.fullmatch(pattern, text, re.DOTALL)
    if match is None:
        return None
    as_user = {'name': _name, 'time': _time, 'at': _moment}
    return {name: as_user.get(name, str)(value) for name, value in match.groupdict().items()}


def _name(table):
    """A table by the name of its model."""
    for model in apps.get_models():
        if model._meta.db_table == table:
            return capfirst(model._meta.verbose_name)
    return table


def _time(text):
    """A number of units, such as "1 hour 20 minutes"."""
    return duration(sum(int(number) * UNITS[unit] for number, unit in re.findall(r'(\d+) ([a-z]+?)s?\b', text)))


def _moment(text):
    value = parse_datetime(text)
    if value is None:
        return text
    return date_format(timezone.localtime(value) if timezone.is_aware(value) else value, 'SHORT_DATETIME_FORMAT')
