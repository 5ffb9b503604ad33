from django.urls import path

from portal.incidents import views

app_name = "incidents"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.post, name="post"),
    path("<code>/", views.detail, name="detail"),
]
