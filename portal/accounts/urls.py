from django.urls import path

from portal.accounts import views

app_name = "accounts"
urlpatterns = [path("", views.tokens, name="tokens"), path("<code>/revoke/", views.revoke, name="revoke")]
