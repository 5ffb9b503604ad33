"""Believing the city's unified identity: only its own word, meant for us, in answer to this very question."""

import secrets

import jwt
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404
from requests import RequestException

# Signatures by a key that only the identity holds; never "none", never a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")

# What we take of all that the identity may know of somebody: no telephone number, no number of an identity card.
TOLD = ("sub", "email", "email_verified", "name")


class Adapter(OpenIDConnectOAuth2Adapter):
    """Checks what allauth takes on trust: the configured issuer, the signature, the nonce, one person throughout."""

    nonce = ""

    @property
    def openid_config(self):
        config = super().openid_config
        if config.get("issuer") != self.get_provider().issuer:
            raise OAuth2Error("The metadata speak for another issuer")
        return config

    def complete_login(self, request, app, token, **more):
        id_token = more["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("No id_token")
        proved, told = self._decode_id_token(app, id_token), self._fetch_user_info(token.token)
        if told.get("sub") != proved["sub"]:
            raise OAuth2Error("The details are somebody else's")
        login = self.get_provider().sociallogin_from_response(
            request, {"userinfo": {name: told[name] for name in TOLD if name in told}}
        )
        # allauth keeps in clear whatever stands here.
        login.account.extra_data = {"sub": proved["sub"]}
        return login

    def _decode_id_token(self, app, id_token):
        try:
            header = jwt.get_unverified_header(id_token)
        except jwt.PyJWTError as sad:
            raise OAuth2Error("Invalid id_token") from sad
        if header.get("alg") not in ALGORITHMS or "kid" not in header:
            raise OAuth2Error("The id_token is not signed with a key of the issuer")
        claims = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.get_provider().issuer,
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        if not self.nonce or not secrets.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("The id_token answers another question")
        return claims


class CityIdentity(OpenIDConnectProvider):
    """The city's unified identity, as the settings name it."""

    oauth2_adapter_class = Adapter
    # allauth mounts the addresses of a provider's package; ours stand before them in config/urls.
    package = "allauth.socialaccount.providers.openid_connect"

    @property
    def issuer(self) -> str:
        return self.app.settings.get("issuer") or self.app.settings["server_url"]

    def redirect(self, request, process, next_url=None, data=None, **more):
        nonce = secrets.token_urlsafe(32)
        # Last, so that no wish in the address replaces it.
        asked = (more.pop("auth_params", None) or self.get_auth_params()) | {"nonce": nonce}
        try:
            return super().redirect(request, process, next_url, data, auth_params=asked, nonce=nonce, **more)
        except (OAuth2Error, RequestException) as sad:
            return render_authentication_error(request, self, exception=sad)


class Return(OAuth2CallbackView):
    """Back from the identity, with what was asked still in the session."""

    def _get_state(self, request, provider):
        state, answer = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, answer


def _through(view):
    def enter(request, provider_id):
        try:
            return view.adapter_view(Adapter(request, provider_id))(request)
        except SocialApp.DoesNotExist:
            raise Http404 from None

    return enter


login = _through(OAuth2LoginView)
callback = _through(Return)
