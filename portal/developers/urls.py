from django.urls import path

from portal.developers import views

app_name = "developers"
urlpatterns = [
    path("", views.centre, name="centre"),
    path("requests/", views.requests, name="requests"),
]
