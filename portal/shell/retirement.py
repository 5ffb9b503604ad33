"""An operation that will end says so in every answer: since when it is discouraged (RFC 9745), and when it ends (RFC 8594)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework.views import APIView


@dataclass(frozen=True)
class Retirement:
    """Discouraged since then, gone after that, and where the successor is described; both instants with their time zone."""

    since: datetime
    sunset: datetime
    successor: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.sunset.timestamp()),
            "Link": f'<{self.successor}>; rel="successor-version"',
        }

    @property
    def words(self) -> str:
        return _("将于 %(day)s 停用，请改用 %(successor)s。") % {
            "day": f"{self.sunset:%Y-%m-%d}",
            "successor": self.successor,
        }


class Retiring(APIView):
    """A view whose `retirement` is told in its answers and in the document."""

    retirement: Retirement

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.retirement.headers.items():
            response[name] = f"{response[name]}, {value}" if name in response else value
        return response
