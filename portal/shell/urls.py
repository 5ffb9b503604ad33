from django.urls import path
from django.views.generic import TemplateView

from portal.shell import gallery, views

app_name = "shell"
urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("preferences/", views.preferences, name="preferences"),
    path("help/", TemplateView.as_view(template_name="shell/help.html"), name="help"),
    path("_components/", gallery.components, name="components"),
]
