from django.urls import path

from marketplace.payments import views

app_name = "payments"
urlpatterns = [
    path("receipts/", views.receipts, name="receipts"),
    path("payments/", views.listing, name="list"),
    path("payments/top-up/", views.top_up, name="top_up"),
    path("payments/webhooks/stripe/", views.stripe_webhook, name="stripe_webhook"),
    path("payments/refunds/", views.refund_list, name="refunds"),
    path("payments/refunds/ask/", views.ask_back, name="ask_back"),
    path("payments/refunds/<code>/refund.pdf", views.refund_paper, name="refund_paper"),
    path("payments/refunds/<code>/again/", views.refund_again, name="refund_again"),
    path("payments/differences/", views.difference_list, name="differences"),
    path("payments/differences/<code>/", views.difference, name="difference"),
    path("payments/<code>/refund/", views.refund, name="refund"),
    path("payments/<code>/", views.detail, name="detail"),
    path("payments/<code>/cancel/", views.cancel, name="cancel"),
]
