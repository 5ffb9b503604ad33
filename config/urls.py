"""Every address of the house."""

from allauth.idp.oidc import views as idp
from django.urls import include, path
from django.views.generic import RedirectView

from config import health, status
from config.metrics import metrics
from portal.entrance import views as entrance
from portal.sso import identity
from portal.sso.views import Consent, Keys

# Where connected programs fetch their keys and other systems of the city ask who somebody is.
oidc = [
    path(".well-known/openid-configuration", idp.configuration, name="configuration"),
    path(".well-known/jwks.json", idp.jwks, name="jwks"),
    path("oauth/authorize", Consent.as_view(), name="authorization"),
    path("oauth/logout", idp.logout, name="logout"),
    path("oauth/token", Keys.as_view(), name="token"),
    path("oauth/revoke", idp.revoke, name="revoke"),
    path("oauth/introspect", idp.introspect, name="introspect"),
    path("oauth/userinfo", idp.user_info, name="userinfo"),
    path("oauth/device/code", idp.device_code, name="device_code"),
    path("oauth/device", idp.device_authorization, name="device_authorization"),
]

urlpatterns = [
    path("healthz", health.alive, name="alive"),
    path("metrics", metrics, name="metrics"),
    path("readyz", health.ready, name="ready"),
    path("status/", status.page, name="status"),
    # One page of ours for what allauth spreads over two.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="entrance:security")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="entrance:security")),
    # allauth's own would believe an unsigned word.
    path("accounts/oidc/<provider_id>/login/", identity.login, name="openid_connect_login"),
    path("accounts/oidc/<provider_id>/login/callback/", identity.callback, name="openid_connect_callback"),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang/", entrance.language, name="set_language"),
    path("", include(([path("", include((oidc, "oidc")))], "idp"))),
    path("i18n/", include("django.conf.urls.i18n")),
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
