"""Every address of the house."""

from allauth.idp.oidc import views as idp
from django.urls import include, path
from django.views.generic import RedirectView

from config import health, status
from config.metrics import metrics
from portal.entrance import views as entrance

# Where connected programs fetch and give back their keys. Signing in to other systems with our accounts is not offered.
oauth = [path("token", idp.token, name="token"), path("revoke", idp.revoke, name="revoke")]

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("metrics", metrics, name="metrics"),
    path("readyz", health.ready, name="ready"),
    path("status/", status.page, name="status"),
    # One page of ours for what allauth spreads over two.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="entrance:security")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="entrance:security")),
    path("accounts/", include("allauth.urls")),
    path("oauth/", include((oauth, "oauth"))),
    path("i18n/setlang/", entrance.language, name="set_language"),
    path("api/v1/", include("config.api_urls")),
    path("", include("portal.urls")),
    path("", include("federation.urls")),
    path("", include("marketplace.urls")),
    path("", include("subsidies.urls")),
]

handler400 = "portal.shell.errors.bad_request"
handler403 = "portal.shell.errors.permission_denied"
handler404 = "portal.shell.errors.not_found"
handler429 = "portal.shell.errors.too_many_tries"
handler500 = "portal.shell.errors.server_error"
