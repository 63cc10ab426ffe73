from django.contrib import admin
from django.urls import include, path, re_path

from . import views

urlpatterns = [
    re_path(r'^admin/ajax/', include('locking.urls')),
    path('admin/', admin.site.urls),
    path('rename/<int:pk>/<str:title>/', views.rename),
    path('rename-twice/<int:pk>/<str:title>/', views.rename_twice),
    path('rename-async/<int:pk>/<str:title>/', views.rename_async),
    path('owner/', views.owner),
    path('form/<int:pk>/', views.edit),
]
