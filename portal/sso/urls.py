from django.urls import path

from portal.sso import views

app_name = "sso"
urlpatterns = [
    path("", views.listing, name="list"),
    path("mine/", views.consents, name="consents"),
    path("mine/<code>/withdraw/", views.withdraw, name="withdraw"),
    path("<code>/rotate/", views.rotate, name="rotate"),
    path("<code>/disconnect/", views.disconnect, name="disconnect"),
]
