from django.db import models


class Lock(models.Model):
    """The view locking.locks: locks that have not ended."""

    token = models.BigIntegerField(primary_key=True)
    schema_name = models.TextField()
    table_name = models.TextField()
    key = models.TextField()
    owner = models.TextField()
    owner_name = models.TextField(null=True)
    client = models.TextField(null=True)
    hard = models.BooleanField()
    note = models.TextField(null=True)
    acquired_at = models.DateTimeField()
    renewed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    seconds_left = models.FloatField()
    is_mine = models.BooleanField()
    handed_over = models.BooleanField()

    class Meta:
        managed = False
        db_table = '"locking"."locks"'
        default_permissions = ()
        permissions = [('break_lock', 'Can end and take over locks of other users')]

    def __str__(self):
        return f'{self.table_name} {self.key}: {self.owner}'
