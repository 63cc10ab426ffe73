"""Lists whose rows are edited in place: list_editable."""
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.utils.translation import gettext

from .forms import as_text
from .rows import Row, WriteLocks


class EditableList:
    """The locks of a save of such a list, and why it was refused.

    Nobody locks the rows of a list while reading it. So saving locks the
    rows that the user has changed, and compares what the list showed with
    what is saved now.
    """

    def __init__(self, using):
        self.using = using
        self.refusal = None
        self._locks = WriteLocks()

    def release(self):
        self._locks.release()

    @staticmethod
    def around(formset, edits):
        """Return a subclass of the formset class. edits: None for a GET."""
        return type(formset.__name__, (_CheckedList, formset), {'locking_edits': edits})

    def check(self, form):
        row = Row.of(form.instance, self.using)
        refusal = self._locks.acquire(row)
        if refusal is not None:
            form.add_error(None, str(refusal))
            return
        # Read again: the form was made before the row was locked.
        saved = type(form.instance)._base_manager.using(self.using).get(pk=form.instance.pk)
        self._keep_others(form, saved)
        initial = model_to_dict(saved, form.fields)
        for name in initial:
            if self._is_stale(form, name, initial[name]):
                form.add_error(name, gettext('Another user has changed this. Saved now: %(value)s') % {
                    'value': as_text(saved, name)})

    @staticmethod
    def _keep_others(form, saved):
        """Saving writes all columns: those not in the list as they are now."""
        for field in saved._meta.concrete_fields:
            if field.name not in form.fields:
                setattr(form.instance, field.attname, getattr(saved, field.attname))

    @staticmethod
    def _is_stale(form, name, saved):
        """Is what the list showed no longer what is saved?"""
        field, prefix = form.fields[name], form.add_initial_prefix(name)
        widget = field.hidden_widget()
        if not field.show_hidden_initial or widget.value_omitted_from_data(form.data, form.files, prefix):
            return False
        return field.has_changed(saved, widget.value_from_datadict(form.data, form.files, prefix))


class _CheckedList:
    """Before the formset class of a list."""

    def add_fields(self, form, index):
        for field in form.fields.values():
            field.show_hidden_initial = True
        super().add_fields(form, index)

    def clean(self):
        super().clean()
        edits = self.locking_edits
        if edits is None:
            return
        if edits.refusal is not None:
            raise ValidationError(str(edits.refusal))
        for form in self.initial_forms:
            if form.has_changed() and form.is_valid():
                edits.check(form)
