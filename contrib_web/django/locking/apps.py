from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class LockingConfig(AppConfig):
    name = 'locking'
    verbose_name = 'Locking'
    default_auto_field = 'django.db.models.BigAutoField'

    def ready(self):
        from .checks import check_middleware, check_privileges, check_urls
        from .owner import watch
        from .protection import protect_admin_tables
        register(check_middleware)
        register(check_urls)
        register(check_privileges, Tags.database)
        connection_created.connect(watch, dispatch_uid='locking')
        post_migrate.connect(protect_admin_tables, sender=self, dispatch_uid='locking')
