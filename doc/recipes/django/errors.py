"""Prints the exception for each SQLSTATE of errors.tsv."""
import os

import django
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction

settings.configure(DATABASES={'default': {
    'ENGINE': 'django.db.backends.postgresql', 'NAME': os.environ['PGDATABASE'], 'DISABLE_SERVER_SIDE_CURSORS': True}})
django.setup()


class Article(models.Model):
    id = models.IntegerField(primary_key=True)
    title = models.TextField()
    price = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        app_label = 'recipes'
        db_table = 'article'


def kind(error):
    return f'{type(error).__name__} ({type(error).__base__.__name__})'


for line in open('../errors.tsv'):
    state, statement = line.rstrip('\n').split('\t')
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        print(f'{state}: {kind(error)}')
    finally:
        connection.close()

try:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(open('../skip.sql').read())
        article = Article.objects.get(id=44)
        article.price = 6
        article.save()
except DatabaseError as error:
    print(f'skipped UPDATE: save() inserts, {kind(error)}')
