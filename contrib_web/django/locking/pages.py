"""What an admin request knows of the lock of the row that it edits."""
from django.db import DatabaseError, transaction
from django.urls import NoReverseMatch, reverse

from . import conf
from .forms import TOKEN, check_page, lock_again, opened_with, show_saved
from .refusal import Refused, refusal_of
from .rows import Row

MAY_BREAK = 'locking.break_lock'


class Page:
    """A change form of the admin, between its request and its response."""

    def __init__(self, request, using):
        self.request = request
        self.using = using
        self.row = None
        self.lock = None  # of whichever owner
        self.opened = ''
        self.refusal = None
        self.is_saved = False

    # Opening

    def open(self, obj):
        """Lock the row. It must be read after this."""
        self.row = Row.of(obj, self.using)
        self._has(self.row.acquire())

    def _has(self, lock):
        self.lock = lock
        self.opened = opened_with(self.row, lock) if conf.get('web') else ''

    @property
    def is_read_only(self):
        """<locking-form> closes the form itself, and opens it again."""
        return self.holder is not None and not conf.get('web') and self.request.method != 'POST'

    @property
    def holder(self):
        return None if self.lock is None or self.lock.is_mine else self.lock

    @property
    def token(self):
        # As a text: templates may group the digits of a number.
        return '' if self.lock is None or not self.lock.is_mine else str(self.lock.token)

    # Saving

    def save(self, view):
        """Run the view in a transaction; once more if the save is refused.

        What is refused is rolled back. Then the view shows the form with
        what the user typed and the reason.
        """
        try:
            with transaction.atomic(using=self.using):
                response = view()
                if self.is_saved:
                    self._release()
                return response
        except (DatabaseError, Refused) as error:
            self.refusal = refusal_of(error)
            if self.refusal is None:
                raise
        self.is_saved = False
        return view()

    def check(self, form):
        """Confirm the lock, as part of the form's validation."""
        if form.instance._state.adding:
            if self.refusal is not None:
                form.add_error(None, str(self.refusal))
            return
        self.row = Row.of(form.instance, self.using)
        if self.refusal is None:
            self.refusal = check_page(self.row, self.request.POST)
        if self.refusal is not None:
            self._has(lock_again(self.row, form, self.refusal) or self.row.lock())
        else:
            self._has(self.row.lock())

    def check_inline(self, form):
        """Another user may have changed the rows of inlines as well."""
        if self.refusal is not None and self.token and form.instance.pk:
            show_saved(form, self.using)

    def _release(self):
        token = self.request.POST.get(TOKEN)
        if self.row is not None and token:
            if conf.get('web'):
                self.row.discard_drafts()
            self.row.release(token)

    # Showing

    def context(self):
        """For the templates."""
        return {
            'page': self,
            'web': (conf.get('web') or '').rstrip('/'),
            'may_break': self.request.user.has_perm(MAY_BREAK),
            'urls': urls_of(self.row),
            'warning': str(conf.get('time_until_warning') or ''),
        }


def urls_of(row):
    """Addresses of the application's own views for a row."""
    if row is None:
        return {}
    opts = row.model._meta
    try:
        return {name: reverse(f'locking:{name}', args=[opts.app_label, opts.model_name, row.key])
                for name in ('is_locked', 'unlock', 'renew', 'take_over')}
    except NoReverseMatch:  # not included, or not with such a key
        return {}
