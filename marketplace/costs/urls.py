from django.urls import path

from marketplace.costs import views

app_name = "costs"
urlpatterns = [
    path("", views.page, name="page"),
    path("export.<slug:form>", views.export, name="export"),
]
