from django.urls import path

from portal.approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<code>/", views.review, name="review"),
    path("<code>/decide/", views.decide, name="decide"),
]
