from django.urls import path

from portal.verification import views

app_name = "verification"
urlpatterns = [
    path("organization/verification/", views.apply, name="apply"),
    path("verifications/", views.listing, name="list"),
    path("verifications/<code>/", views.review, name="review"),
    path("verifications/<code>/decide/", views.decide, name="decide"),
    path("verifications/<code>/licence/", views.licence, name="licence"),
]
