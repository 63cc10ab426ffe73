from django.contrib.postgres.operations import CreateExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        # Needs a superuser, unless the extension is there already.
        CreateExtension('locking'),
        migrations.CreateModel(
            name='Lock',
            fields=[
                ('token', models.BigIntegerField(primary_key=True, serialize=False)),
                ('schema_name', models.TextField()),
                ('table_name', models.TextField()),
                ('key', models.TextField()),
                ('owner', models.TextField()),
                ('owner_name', models.TextField(null=True)),
                ('client', models.TextField(null=True)),
                ('hard', models.BooleanField()),
                ('note', models.TextField(null=True)),
                ('acquired_at', models.DateTimeField()),
                ('renewed_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('seconds_left', models.FloatField()),
                ('is_mine', models.BooleanField()),
                ('handed_over', models.BooleanField()),
            ],
            options={
                'db_table': '"locking"."locks"',
                'permissions': [('break_lock', 'Can end and take over locks of other users')],
                'managed': False,
                'default_permissions': (),
            },
        ),
    ]
