from django.urls import include, path

urlpatterns = [
    path("marketplace/", include("marketplace.storefront.urls")),
    path("prices/", include("marketplace.catalogue.urls")),
    path("orders/", include("marketplace.orders.urls")),
    path("costs/", include("marketplace.costs.urls")),
    path("budgets/", include("marketplace.budgets.urls")),
    path("", include("marketplace.funding.urls")),
    path("invoices/", include("marketplace.invoices.urls")),
    path("bills/", include("marketplace.billing.urls")),
    path("", include("marketplace.payments.urls")),
    path("bank/", include("marketplace.bank.urls")),
    path("statements/", include("marketplace.settlement.urls")),
    path("payouts/", include("marketplace.payouts.urls")),
]
