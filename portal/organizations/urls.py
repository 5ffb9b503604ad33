from django.urls import path

from portal.organizations import views

app_name = "organizations"
urlpatterns = [
    path("join/", views.found, name="found"),
    path("switch/", views.switch, name="switch"),
    path("", views.settings, name="settings"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("projects/new/", views.open_project, name="open_project"),
    path("projects/<code>/", views.change_project, name="change_project"),
    path("projects/<code>/budget/", views.budget, name="budget"),
]
