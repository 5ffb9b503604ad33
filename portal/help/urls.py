from django.urls import path

from portal.help import views

app_name = "help"
urlpatterns = [
    path("help/", views.index, name="index"),
    path("help/<slug:code>/", views.article, name="article"),
]
