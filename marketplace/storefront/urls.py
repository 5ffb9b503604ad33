from django.urls import path

from marketplace.storefront import views

app_name = "storefront"
urlpatterns = [
    path("", views.listing, name="list"),
    path("plans/<code>/", views.detail, name="detail"),
    path("plans/<code>/quotation.pdf", views.quotation_pdf, name="quotation"),
    path("plans/<code>/order/", views.order, name="order"),
    path("drafts/<code>/", views.check, name="check"),
]
