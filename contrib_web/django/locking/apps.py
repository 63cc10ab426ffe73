from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class LockingConfig(AppConfig):
    name = 'locking'
    verbose_name = 'Locking'
    default_auto_field = 'django.db.models.BigAutoField'

    def ready(self):
        from . import checks  # noqa: F401 registers them
        from .owner import watch
        from .protection import protect_admin_tables
        connection_created.connect(watch, dispatch_uid='locking')
        post_migrate.connect(protect_admin_tables, sender=self, dispatch_uid='locking')
