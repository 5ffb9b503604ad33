from django.urls import path

from marketplace.settlement import views

app_name = "settlement"
urlpatterns = [
    path("", views.listing, name="list"),
    path("close/", views.close, name="close"),
    path("books/", views.books, name="books"),
    path("terms/", views.terms, name="terms"),
    path("adjustments/", views.adjustments, name="adjustments"),
    path("adjustments/<code>/adjustment.pdf", views.adjustment_paper, name="adjustment_paper"),
    path("runs/", views.runs, name="runs"),
    path("<code>/", views.detail, name="detail"),
    path("<code>/confirm/", views.confirm, name="confirm"),
    path("<code>/dispute/", views.dispute, name="dispute"),
    path("<code>/resolve/", views.resolve, name="resolve"),
    path("<code>/release/", views.release, name="release"),
    path("<code>/statement.pdf", views.paper, name="paper"),
    path("<code>/export.xlsx", views.export, name="export"),
]
