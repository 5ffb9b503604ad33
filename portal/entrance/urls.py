from django.urls import path

from portal.entrance import views

app_name = "entrance"
urlpatterns = [
    path("account/security/", views.security, name="security"),
    path("account/sessions/hold/", views.hold, name="hold"),
    path("account/sessions/<code>/end/", views.end_stay, name="end_stay"),
    path("account/sessions/end-others/", views.end_other_stays, name="end_other_stays"),
    path("account/first/<secret>/", views.first_administrator, name="first_administrator"),
    path("people/", views.people, name="people"),
    path("people/locked/", views.locked, name="locked"),
    path("people/unlock/", views.unlock, name="unlock"),
    path("people/<code>/disable/", views.disable, name="disable"),
    path("people/<code>/enable/", views.enable, name="enable"),
]
