"""Views that know nothing of locks, and one with LockingForm."""
import asyncio

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from locking.forms import LockingForm

from .models import Article


def rename(request, pk, title):
    article = Article.objects.get(pk=pk)
    article.title = title
    article.save()
    return HttpResponse('saved')


def rename_twice(request, pk, title):
    """In a transaction, with a savepoint that is rolled back."""
    with transaction.atomic():
        sid = transaction.savepoint()
        Article.objects.filter(pk=pk).update(title='lost')
        transaction.savepoint_rollback(sid)
        Article.objects.filter(pk=pk).update(title=title)
    return HttpResponse('saved')


# Requests that have arrived at the view, and may go on.
arrived, go_on = [], []


async def rename_async(request, pk, title):
    if go_on:
        arrived.append(title)
        while title not in go_on[0]:
            await asyncio.sleep(0)
    await sync_to_async(Article.objects.filter(pk=pk).update)(title=title)
    return HttpResponse(await sync_to_async(database_owner)())


def database_owner():
    with connection.cursor() as cursor:
        cursor.execute('SELECT locking.owner()')
        return cursor.fetchone()[0] or 'none'


def owner(request):
    return HttpResponse(database_owner())


class ArticleForm(LockingForm):
    class Meta:
        model = Article
        fields = ['title', 'body']


def edit(request, pk):
    article = get_object_or_404(Article, pk=pk)
    if request.method == 'POST':
        form = ArticleForm(request.POST, instance=article)
        if form.is_valid():
            form.save()
            return HttpResponseRedirect('.')
    else:
        form = ArticleForm(instance=article).locked()
    return render(request, 'newsroom/form.html', {'form': form})
