from django.urls import path

from portal.papers import views

app_name = "papers"
urlpatterns = [path("papers/check/", views.check, name="check")]
