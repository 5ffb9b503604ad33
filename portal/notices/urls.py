from django.urls import path

from portal.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.listing, name="list"),
    path("read/", views.read_all, name="read_all"),
    path("<code>/read/", views.read, name="read"),
]
