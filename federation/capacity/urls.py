from django.urls import path

from federation.capacity import views

app_name = "capacity"
urlpatterns = [
    path("clusters/", views.clusters, name="clusters"),
    path("clusters/<code>/", views.cluster, name="cluster"),
    path("accelerators/", views.accelerators, name="accelerators"),
]
