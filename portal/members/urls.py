from django.urls import path

from portal.members import views

app_name = "members"
urlpatterns = [
    path("members/", views.listing, name="list"),
    path("members/invite/", views.invite, name="invite"),
    path("members/onboard/", views.onboard, name="onboard"),
    path("members/onboard/<code>/invite/", views.invite_first_again, name="invite_first_again"),
    path("members/invitations/<code>/withdraw/", views.withdraw_invitation, name="withdraw_invitation"),
    path("members/reviews/<code>/", views.review, name="review"),
    path("members/<code>/", views.member, name="member"),
    path("members/<code>/stand-in/", views.stand_in, name="stand_in"),
    path("members/<code>/withdraw/", views.withdraw, name="withdraw"),
    path("invitations/<secret>/", views.invitation, name="invitation"),
]
