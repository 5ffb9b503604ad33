from django.urls import path

from portal.recovery import views

app_name = "recovery"
urlpatterns = [
    path("people/factor-resets/", views.listing, name="list"),
    path("people/factor-resets/<code>/confirm/", views.confirm, name="confirm"),
    path("people/factor-resets/<code>/refuse/", views.refuse, name="refuse"),
]
