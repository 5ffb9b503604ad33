"""Every address of the house."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("accounts/", include("allauth.urls")),
    path("", include("portal.urls")),
]
