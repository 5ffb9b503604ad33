from django.urls import path

from marketplace.billing import views

app_name = "billing"
urlpatterns = [path("", views.listing, name="list")]
