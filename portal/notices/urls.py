from django.urls import path

from portal.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.listing, name="list"),
    path("bell/", views.bell, name="bell"),
    path("settings/", views.preferences, name="settings"),
    path("read/", views.read_all, name="read_all"),
    path("read-many/", views.read_many, name="read_many"),
    path("<code>/read/", views.read, name="read"),
]
