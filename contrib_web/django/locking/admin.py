"""LockableAdmin: an admin whose rows one user at a time can edit."""
from functools import partial

from django.contrib import admin, messages
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.utils import quote, unquote
from django.db import DatabaseError, router, transaction
from django.http import HttpResponseRedirect
from django.template.loader import render_to_string, select_template
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from .changelist import EditableList
from .forms import TOKEN
from .owner import acting_for
from .pages import MAY_BREAK, Page, urls_of
from .refusal import Refused, refusal_of
from .rows import Row, WriteLocks, locks_of


class _CheckedForm:
    """Before the admin's form class: its validation confirms the lock."""

    def full_clean(self):
        super().full_clean()
        if self.is_bound:
            self.locking_page.check(self)


class _CheckedInline:
    """Before a formset class of an inline."""

    def full_clean(self):
        super().full_clean()
        if self.is_bound:
            for form in self.initial_forms:
                self.locking_page.check_inline(form)


class LockableAdmin(admin.ModelAdmin):
    """
    Opening a change form locks its row, and saving confirms that lock in the
    transaction that saves. All else that the admin writes, and that the
    database refuses because of another user's lock, becomes a message.
    """

    class Media:
        css = {'all': ['locking/locking.css']}
        js = ['locking/locking.js']

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if isinstance(self.list_display, str):
            self.list_display = (self.list_display,)

    # The change form

    @method_decorator(never_cache)
    def changeform_view(self, request, object_id=None, form_url='', extra_context=None):
        with acting_for(request):
            page = request.locking_page = Page(request, self._using())
            view = partial(super().changeform_view, request, object_id, form_url, extra_context)
            if request.method == 'POST':
                return page.save(view)
            if request.method == 'GET' and object_id is not None:
                obj = self.get_object(request, unquote(object_id), request.GET.get(TO_FIELD_VAR))
                if obj is not None and self.has_change_permission(request, obj):
                    page.open(obj)
            return view()

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        page = getattr(request, 'locking_page', None)
        if page is None:
            return form
        # The template has the token: the admin shows only fields that the
        # fieldsets name.
        checked = type(form)(form.__name__, (_CheckedForm, form), {'locking_page': page})
        checked.base_fields = {name: field for name, field in form.base_fields.items() if name != TOKEN}
        return checked

    def get_formsets_with_inlines(self, request, obj=None):
        page = getattr(request, 'locking_page', None)
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            if page is not None:
                formset = type(formset.__name__, (_CheckedInline, formset), {'locking_page': page})
            yield formset, inline

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if hasattr(request, 'locking_page'):
            request.locking_page.is_saved = True

    def render_change_form(self, request, context, *args, **kwargs):
        response = super().render_change_form(request, context, *args, **kwargs)
        page = getattr(request, 'locking_page', None)
        if page is None or page.row is None:
            return response
        # Around the template that the admin would use.
        names = response.template_name
        response.context_data['locking_parent'] = select_template([names] if isinstance(names, str) else names)
        response.context_data['locking'] = page.context()
        response.template_name = 'locking/change_form.html'
        return response

    # A form that another user has locked is shown as to a user who may not
    # change it.

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not self._is_read_only(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not self._is_read_only(request, obj)

    def _is_read_only(self, request, obj):
        page = getattr(request, 'locking_page', None)
        return page is not None and obj is not None and page.is_read_only

    # Deleting

    def delete_view(self, request, object_id, extra_context=None):
        with acting_for(request):
            try:
                return super().delete_view(request, object_id, extra_context)
            except (DatabaseError, Refused) as error:
                self._tell(request, error)
        opts = self.model._meta
        return HttpResponseRedirect(reverse(
            f'admin:{opts.app_label}_{opts.model_name}_change', args=[quote(unquote(object_id))],
            current_app=self.admin_site.name))

    def delete_model(self, request, obj):
        WriteLocks().acquire_or_raise(Row.of(obj, self._using()))
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        locks = WriteLocks()
        # In one order, so that two users do not wait for each other.
        for pk in queryset.order_by('pk').values_list('pk', flat=True):
            locks.acquire_or_raise(Row(self.model, pk, self._using()))
        super().delete_queryset(request, queryset)

    # Lists

    def changelist_view(self, request, extra_context=None):
        with acting_for(request):
            if request.method != 'POST':
                return super().changelist_view(request, extra_context)
            edits = request.locking_edits = EditableList(self._using())
            try:
                with transaction.atomic(using=self._using()):
                    response = super().changelist_view(request, extra_context)
                    edits.release()
                    return response
            except (DatabaseError, Refused) as error:
                if '_save' not in request.POST:
                    self._tell(request, error)
                    return HttpResponseRedirect(request.get_full_path())
                edits.refusal = refusal_of(error)
                if edits.refusal is None:
                    raise
            return super().changelist_view(request, extra_context)

    def get_changelist_formset(self, request, **kwargs):
        formset = super().get_changelist_formset(request, **kwargs)
        return EditableList.around(formset, getattr(request, 'locking_edits', None))

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        if 'get_lock_for_admin' in changelist.list_display:
            objects = list(changelist.result_list)
            locks = locks_of(self.model, [obj.pk for obj in objects], self._using())
            may_break = request.user.has_perm(MAY_BREAK)
            for obj in objects:
                obj._locking = (locks.get(str(obj.pk)), may_break)
        return changelist

    def get_lock_for_admin(self, obj):
        """The column of a list: who edits the row, and for how long."""
        lock, may_break = obj._locking if hasattr(obj, '_locking') else (Row.of(obj, self._using()).lock(), False)
        if lock is None:
            return ''
        return render_to_string('locking/list_cell.html', {
            'lock': lock, 'may_unlock': may_break or lock.is_mine, 'urls': urls_of(Row.of(obj, self._using()))})

    get_lock_for_admin.short_description = gettext_lazy('Lock')

    # Helpers

    def _using(self):
        return router.db_for_write(self.model)

    def _tell(self, request, error):
        refusal = refusal_of(error)
        if refusal is None:
            raise error
        self.message_user(request, gettext('Nothing was changed. %(reason)s') % {'reason': refusal}, messages.ERROR)
