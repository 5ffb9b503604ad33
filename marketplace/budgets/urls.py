from django.urls import path

from marketplace.budgets import views

app_name = "budgets"
urlpatterns = [
    path("", views.listing, name="list"),
    path("budgets.pdf", views.paper, name="paper"),
    path("marks/", views.marks, name="marks"),
]
