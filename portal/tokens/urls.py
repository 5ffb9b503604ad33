from django.urls import path

from portal.tokens import views

app_name = "tokens"
urlpatterns = [path("", views.listing, name="list"), path("<code>/revoke/", views.revoke, name="revoke")]
