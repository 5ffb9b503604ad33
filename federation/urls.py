from django.urls import include, path

urlpatterns = [path("", include("federation.capacity.urls"))]
