from django.urls import path

from portal.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.endpoints, name="list"),
    path("deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/<code>/", views.delivery, name="delivery"),
    path("deliveries/<code>/resend/", views.resend, name="resend"),
    path("<code>/revise/", views.revise, name="revise"),
    path("<code>/rotate/", views.rotate, name="rotate"),
    path("<code>/test/", views.test, name="test"),
    path("<code>/switch/", views.switch, name="switch"),
    path("<code>/remove/", views.remove, name="remove"),
]
