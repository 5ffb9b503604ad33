from django.urls import path

from portal.cockpit import views

app_name = "cockpit"
urlpatterns = [path("", views.board, name="board")]
