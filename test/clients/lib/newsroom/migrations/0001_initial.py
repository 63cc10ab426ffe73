import uuid

from django.db import migrations, models
from locking.operations import Protect


class Migration(migrations.Migration):
    initial = True
    dependencies = [('locking', '0001_initial')]

    operations = [
        migrations.CreateModel('Article', [
            ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('title', models.CharField(max_length=100)),
            ('body', models.TextField(blank=True)),
            ('price', models.IntegerField(default=0)),
            ('views', models.IntegerField(default=0)),
            ('published', models.DateTimeField(blank=True, null=True)),
        ]),
        migrations.CreateModel('Review', [
            ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('body', models.CharField(max_length=100)),
            ('article', models.ForeignKey(on_delete=models.CASCADE, to='newsroom.article')),
        ]),
        migrations.CreateModel('Note', [
            ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
            ('body', models.CharField(max_length=100)),
        ]),
        migrations.CreateModel('Team', [
            ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('name', models.CharField(max_length=100)),
        ]),
        migrations.CreateModel('Member', [
            ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('name', models.CharField(max_length=100)),
            ('team', models.ForeignKey(on_delete=models.CASCADE, to='newsroom.team')),
        ]),
        Protect('Article', columns=['title', 'body', 'price', 'published']),
        Protect('Review', parent='article'),
        Protect('Note', required=True, ttl=600),
    ]
