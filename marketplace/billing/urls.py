from django.urls import path

from marketplace.billing import views

app_name = "billing"
urlpatterns = [
    path("", views.listing, name="list"),
    path("lines/", views.lines, name="lines"),
    path("refunds/", views.refund_list, name="refunds"),
    path("<code>/", views.detail, name="detail"),
    path("<code>/pay/", views.pay, name="pay"),
    path("<code>/bill.pdf", views.paper, name="paper"),
    path("<code>/export.xlsx", views.export, name="export"),
]
