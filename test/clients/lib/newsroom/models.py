import uuid

from django.db import models


class Article(models.Model):
    title = models.CharField(max_length=100)
    body = models.TextField(blank=True)
    price = models.IntegerField(default=0)
    views = models.IntegerField(default=0)
    published = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return self.title


class Review(models.Model):
    """Guarded by the lock of its article."""

    article = models.ForeignKey(Article, models.CASCADE)
    body = models.CharField(max_length=100)

    def __str__(self):
        return self.body


class Note(models.Model):
    """Needs a lock for writing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    body = models.CharField(max_length=100)

    def __str__(self):
        return self.body


class Team(models.Model):
    """Protected because its admin is a LockableAdmin; its members too."""

    name = models.CharField(max_length=100)

    def __str__(self):
        return self.name


class Member(models.Model):
    team = models.ForeignKey(Team, models.CASCADE)
    name = models.CharField(max_length=100)

    def __str__(self):
        return self.name
