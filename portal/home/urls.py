from django.urls import path

from portal.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("desk/", views.desk, name="desk"),
    path("todo/", views.todo, name="todo"),
    path("todo/submitted/", views.submitted, name="submitted"),
]
