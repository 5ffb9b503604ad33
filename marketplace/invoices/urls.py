from django.urls import path

from marketplace.invoices import views

app_name = "invoices"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<code>/", views.detail, name="detail"),
    path("<code>/register/", views.register, name="register"),
    path("<code>/refuse/", views.refuse, name="refuse"),
]
