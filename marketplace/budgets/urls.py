from django.urls import path

from marketplace.budgets import views

app_name = "budgets"
urlpatterns = [
    path("", views.listing, name="list"),
    path("marks/", views.marks, name="marks"),
]
