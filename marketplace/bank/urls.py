from django.urls import path

from marketplace.bank import views

app_name = "bank"
urlpatterns = [
    path("", views.lines, name="list"),
    path("close/", views.close_day, name="close_day"),
    path("<code>/", views.line, name="line"),
    path("<code>/assign/", views.assign, name="assign"),
    path("<code>/explain/", views.explain, name="explain"),
]
