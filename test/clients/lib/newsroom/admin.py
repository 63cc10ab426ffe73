"""As written for django-locking."""
from django.contrib import admin
from locking.admin import LockableAdmin
from locking.forms import LockingForm

from .models import Article, Member, Note, Review, Team


class ReviewInline(admin.TabularInline):
    model = Review
    extra = 1


class ArticleForm(LockingForm):
    def clean(self):
        self.cleaned_data = super().clean()
        if self.cleaned_data.get('title') == 'Forbidden':
            self.add_error('title', 'This title is forbidden.')
        return self.cleaned_data


@admin.register(Article)
class ArticleAdmin(LockableAdmin):
    list_display = ('id', 'title', 'price', 'published', 'get_lock_for_admin')
    list_editable = ('title', 'price', 'published')
    fieldsets = [(None, {'fields': ['title', 'body', 'price']})]
    form = ArticleForm
    inlines = [ReviewInline]
    actions = ['raise_price']

    def raise_price(self, request, queryset):
        for article in queryset:
            article.price += 1
            article.save()


@admin.register(Note)
class NoteAdmin(LockableAdmin):
    # Without the comma, as in django-locking's README.
    list_display = ('get_lock_for_admin')


class MemberInline(admin.TabularInline):
    model = Member


@admin.register(Team)
class TeamAdmin(LockableAdmin):
    inlines = [MemberInline]


admin.site.register(Review, LockableAdmin)
