from django.urls import re_path

from . import views

app_name = 'locking'

ROW = r'^(?P<app>[\w-]+)/(?P<model>[\w-]+)/(?P<key>[^/]+)'

urlpatterns = [
    re_path(r'^variables\.js$', views.variables, name='variables'),
    re_path(r'^jsi18n/$', views.texts, name='jsi18n'),
    re_path(ROW + r'/is_locked/$', views.is_locked, name='is_locked'),
    re_path(ROW + r'/lock/$', views.lock, name='lock'),
    re_path(ROW + r'/unlock/$', views.unlock, name='unlock'),
    re_path(ROW + r'/renew/$', views.renew, name='renew'),
    re_path(ROW + r'/take_over/$', views.take_over, name='take_over'),
]
