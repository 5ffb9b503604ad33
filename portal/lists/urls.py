from django.urls import path

from portal.lists import views

app_name = "lists"
urlpatterns = [
    path("lists/<code>/export.<slug:form>", views.export, name="export"),
    path("lists/<code>/exports/", views.request_export, name="request_export"),
    path("lists/<code>/views/", views.save_view, name="save_view"),
    path("lists/views/<code>/forget/", views.forget_view, name="forget_view"),
    path("exports/", views.exports, name="exports"),
    path("exports/<code>/", views.fetch, name="fetch"),
]
