from django.urls import path

from marketplace.funding import views

app_name = "funding"
urlpatterns = [path("", views.wallet, name="wallet")]
