from django.urls import path

from marketplace.payments import views

app_name = "payments"
urlpatterns = [path("", views.receipts, name="receipts")]
