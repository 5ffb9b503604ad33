"""The API's addresses: one list from every centre."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config.api_reference import reference

urlpatterns = [
    path("", include("portal.api_urls")),
    path("", include("federation.api_urls")),
    path("", include("marketplace.api_urls")),
    path("", include("subsidies.api_urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("reference/", reference, name="api-reference"),
]
