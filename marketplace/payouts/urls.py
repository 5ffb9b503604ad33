from django.urls import path

from marketplace.payouts import views

app_name = "payouts"
urlpatterns = [
    path("", views.batches, name="list"),
    path("propose/", views.propose, name="propose"),
    path("accounts/", views.accounts, name="accounts"),
    path("payments/", views.payments, name="payments"),
    path("<code>/", views.batch, name="batch"),
    path("<code>/batch.pdf", views.paper, name="paper"),
    path("<code>/file/", views.file, name="file"),
    path("payments/<code>/fail/", views.fail, name="fail"),
]
