from django.urls import path

from portal.lists import views

app_name = "lists"
urlpatterns = [path("<code>/export.<slug:form>", views.export, name="export")]
