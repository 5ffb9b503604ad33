from django.urls import path

from portal.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.listing, name="list"),
    path("export/", views.export, name="export"),
    path("evidence/", views.evidence, name="evidence"),
    path("verify/", views.verify, name="verify"),
    path("versions/<kind>/<code>/", views.versions, name="versions"),
    path("<code>/", views.detail, name="detail"),
]
