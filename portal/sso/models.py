"""Which systems of the city sign their people in with our accounts."""

from portal.shell import tenancy
from portal.tokens.models import ConnectedClient


class CitySystem(ConnectedClient):
    """Another system of the city that sends its people to our door (OpenID Connect, authorization code with PKCE)."""

    tenant = tenancy.belongs_to()

    SECRET_PREFIX = "pc_sso_"
