from django.urls import path

from portal.tokens import device_views, views

app_name = "tokens"
urlpatterns = [
    path("tokens/", views.listing, name="list"),
    path("tokens/device/", device_views.device, name="device"),
    path("tokens/<code>/rotate/", views.rotate_token, name="rotate_token"),
    path("tokens/<code>/networks/", views.token_networks, name="token_networks"),
    path("tokens/<code>/revoke/", views.revoke, name="revoke"),
    path("applications/", views.applications, name="applications"),
    path("applications/<code>/rotate/", views.rotate, name="rotate"),
    path("applications/<code>/networks/", views.networks, name="networks"),
    path("applications/<code>/disconnect/", views.disconnect, name="disconnect"),
]
