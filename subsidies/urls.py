from django.urls import include, path

urlpatterns = [path("", include("subsidies.vouchers.urls"))]
