from django.urls import path

from subsidies.vouchers import views

app_name = "vouchers"
urlpatterns = [
    path("vouchers/", views.listing, name="list"),
    path("subsidies/programmes/", views.programmes, name="programmes"),
    path("subsidies/programmes/<code>/", views.programme, name="programme"),
]
