from django.urls import path

from marketplace.funding import views

app_name = "funding"
urlpatterns = [
    path("wallet/", views.wallet, name="wallet"),
    path("credit/", views.credit, name="credit"),
    path("credit/<code>/", views.credit_detail, name="credit_line"),
]
