"""From where something may be used: networks in CIDR notation, of both kinds of addresses."""

from ipaddress import IPv6Address, ip_address, ip_network

from django import forms
from django.utils.translation import gettext_lazy as _

MOST = 20


def tidy(lines) -> list[str]:
    """The networks that somebody typed, one each; `10.0.0.7` is a network of one. Says which line is none."""
    found = []
    for line in filter(None, (line.strip() for line in lines)):
        try:
            found.append(str(ip_network(line)))
        except ValueError:
            raise forms.ValidationError(
                _("“%(line)s”不是地址或网段，请写成 203.0.113.7、203.0.113.0/24 或 2001:db8::/32。"),
                params={"line": line[:60]},
            ) from None
    if len(found) > MOST:
        raise forms.ValidationError(_("最多 20 个网段。"))
    return found


def allows(networks: list[str], address: str | None) -> bool:
    """May somebody come from there? No networks: from anywhere. Nobody knows where from: no."""
    if not networks:
        return True
    if address is None:
        return False
    here = ip_address(address)
    if isinstance(here, IPv6Address) and here.ipv4_mapped:
        here = here.ipv4_mapped
    return any(here in ip_network(network) for network in networks)


class NetworksField(forms.CharField):
    """Networks, one on each line."""

    def __init__(self, **options):
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3, "placeholder": "203.0.113.0/24"}))
        super().__init__(required=False, **options)

    def clean(self, value):
        return tidy(super().clean(value).splitlines())
