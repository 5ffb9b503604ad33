from django.urls import include, path

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("portal.shell.urls")),
    path("", include("portal.watch.urls")),
    path("", include("portal.recovery.urls")),
    path("", include("portal.entrance.urls")),
    path("cockpit/", include("portal.cockpit.urls")),
    path("", include("portal.verification.urls")),
    path("city-systems/", include("portal.sso.urls")),
    path("organization/", include("portal.organizations.urls")),
    path("", include("portal.members.urls")),
    path("", include("portal.tokens.urls")),
    path("approvals/", include("portal.approvals.urls")),
    path("notices/", include("portal.notices.urls")),
    path("incidents/", include("portal.incidents.urls")),
    path("webhooks/", include("portal.webhooks.urls")),
    path("audit/", include("portal.audit.urls")),
    path("people/", include("portal.privacy.urls")),
    path("", include("portal.lists.urls")),
    path("", include("portal.search.urls")),
    path("", include("portal.help.urls")),
]
