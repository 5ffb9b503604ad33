from django.urls import path

from portal.watch import views

app_name = "watch"
urlpatterns = [path("people/alarms/", views.listing, name="list")]
