from django.urls import path

from portal.shell import gallery, views

app_name = "shell"
urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("preferences/", views.preferences, name="preferences"),
    path("_components/", gallery.components, name="components"),
]
