from django.urls import path

from federation.capacity.api import AcceleratorList, ClusterList

urlpatterns = [
    path("accelerators/", AcceleratorList.as_view()),
    path("clusters/", ClusterList.as_view()),
]
