from django.urls import path

from marketplace.settlement import views

app_name = "settlement"
urlpatterns = [
    path("", views.listing, name="list"),
    path("close/", views.close, name="close"),
    path("books/", views.books, name="books"),
    path("<code>/", views.detail, name="detail"),
    path("<code>/export.xlsx", views.export, name="export"),
]
