from django.urls import path

from marketplace.catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/", views.new, name="new"),
    path("sheet/", views.sheet, name="sheet"),
    path("sheet/prices.xlsx", views.template, name="template"),
    path("<code>/", views.detail, name="detail"),
    path("<code>/submit/", views.submit, name="submit"),
    path("<code>/withdraw/", views.withdraw, name="withdraw"),
]
