"""Forms that confirm the page's lock, and keep what a refused user typed."""
from django import forms
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from .refusal import LOST, Refusal, Refused
from .rows import Row

TOKEN = 'locking_token'
# The token with which the page was made, and the row's version, where
# <locking-form> has a token of its own.
OPENED = 'locking_opened'
KEPT = gettext_lazy('Nothing was saved; what you typed is below.')
MAY_SAVE = gettext_lazy('Compare it with what is saved now, and save it again.')


def check_page(row, data, prefix=None):
    """Confirm the lock of the page that sent `data`: a Refusal, or None."""
    token = data.get(f'{prefix}-{TOKEN}' if prefix else TOKEN)
    refusal = row.check(token)
    if refusal is None and OPENED in data and not _is_current(row, token, data[OPENED]):
        return Refusal(LOST, gettext('Another user may have changed it before you had the lock.'))
    return refusal


def opened_with(row, lock):
    """The value of OPENED. To be called under the lock, if it is the user's."""
    return f'{lock.token}/{row.version()}' if lock is not None and lock.is_mine else ''


def _is_current(row, token, opened):
    """Has the page shown the row as it is under its lock?"""
    return opened.partition('/')[0] == token or opened.partition('/')[2] == row.version()


def lock_again(row, form, refusal):
    """Tell the user of a refusal, and lock the row anew if it is free.

    Then the form shows what is saved now, and can be saved: its user has
    seen what it replaces. Return the new Lock, or None.
    """
    lock = row.acquire()
    may_save = lock is not None and lock.is_mine
    form.add_error(None, ' '.join(map(str, [refusal, KEPT] + [MAY_SAVE] * may_save)))
    if may_save:
        show_saved(form, row.using)
    return lock if may_save else None


def show_saved(form, using):
    """Say at each field what is saved now, where the user's is another."""
    saved = type(form.instance)._base_manager.using(using).filter(pk=form.instance.pk).first()
    if saved is None:
        form.add_error(None, gettext('It has been deleted.'))
        return
    initial = forms.models.model_to_dict(saved, form.fields)
    for name, field in form.fields.items():
        if name in initial and not field.disabled and field.has_changed(initial[name], typed(form, name)):
            form.add_error(name, gettext('Saved now: %(value)s') % {'value': as_text(saved, name)})


def typed(form, name):
    return form.fields[name].widget.value_from_datadict(form.data, form.files, form.add_prefix(name))


def as_text(obj, name):
    """A field's value for people."""
    show = getattr(obj, f'get_{name}_display', None)
    value = show() if show else getattr(obj, name)
    if hasattr(value, 'all'):
        value = ', '.join(map(str, value.all()))
    return '–' if value is None or value == '' else value


class LockingForm(forms.ModelForm):
    """A ModelForm whose save is refused without the lock of its page.

    In LockableAdmin nothing else is needed. In other views the form carries
    the token: `ArticleForm(instance=article).locked()` for the page.
    """

    locking_token = forms.CharField(required=False, widget=forms.HiddenInput)

    def locked(self):
        """Lock the row for the page, and read it again. Return the form.

        `holder` is the Lock of another user who has the row, or None.
        """
        row = Row.of(self.instance, self._using())
        lock = row.acquire()
        self.instance.refresh_from_db(using=row.using)
        self.initial.update(forms.models.model_to_dict(self.instance, self._meta.fields, self._meta.exclude))
        self.holder = None if lock is None or lock.is_mine else lock
        self.initial[TOKEN] = str(lock.token) if lock is not None and lock.is_mine else ''
        return self

    def _using(self):
        return self.instance._state.db

    def full_clean(self):
        super().full_clean()
        if not self.is_bound or not self._is_guarded():
            return
        row = Row.of(self.instance, self._using())
        refusal = check_page(row, self.data, self.prefix)
        if refusal is not None:
            lock = lock_again(row, self, refusal)
            self.data = self.data.copy()
            self.data[self.add_prefix(TOKEN)] = str(lock.token) if lock else ''

    def _is_guarded(self):
        return TOKEN in self.fields and not self.instance._state.adding

    def save(self, commit=True):
        """Save, and end the lock in the same transaction."""
        if not commit or not self._is_guarded():
            return super().save(commit)
        row = Row.of(self.instance, self._using())
        with transaction.atomic(using=row.using):
            refusal = check_page(row, self.data, self.prefix)
            if refusal is not None:
                raise Refused(refusal)
            saved = super().save()
            if self.data.get(self.add_prefix(TOKEN)):
                row.release(self.data[self.add_prefix(TOKEN)])
        return saved
