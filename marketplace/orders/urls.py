from django.urls import path

from marketplace.orders import views

app_name = "orders"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<code>/", views.detail, name="detail"),
    path("<code>/log/", views.log, name="log"),
    path("<code>/cancel/", views.cancel, name="cancel"),
]
