"""What the ground floor lays on the desks of those who keep the platform in order."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.permissions import can
from portal.audit.models import Event
from portal.entrance import queries as entrance
from portal.incidents.models import Incident
from portal.shell.entries import Figure, address
from portal.sso.models import CitySystem
from portal.verification.models import Verification


def keepers_figures(request) -> list[Figure]:
    """Accounts for the security administrator, the record for who watches it, systems for who runs them."""
    user, now, found = request.user, timezone.now(), []
    if can(user, "people.manage"):
        closed = User.objects.filter(is_active=False).count()
        note = _("已停用 %(count)d") % {"count": closed}
        open_ones = User.objects.filter(is_active=True).count()
        found += [
            Figure(_("在用账号"), str(open_ones), "", address("entrance:people"), note, "people"),
            Figure(_("锁定账号"), str(len(entrance.locks(now))), "", address("entrance:locked"), "", "alert"),
        ]
    if can(user, "versions.view"):
        today = Event.objects.filter(happened_at__gte=now - timedelta(days=1)).count()
        note = _("待封存 %(count)d") % {"count": Event.objects.unsealed().count()}
        found.append(Figure(_("24 小时审计事件"), str(today), _("条"), address("audit:list"), note, "shield"))
    if can(user, "city_systems.manage"):
        systems = CitySystem.objects.count()
        found.append(Figure(_("统一登录系统"), str(systems), "", address("sso:list"), "", "link"))
    if can(user, "incidents.manage"):
        lasting = Incident.objects.lasting(now).count()
        waiting = Verification.objects.awaiting(user).count()
        proofs = address("verification:list", status="submitted")
        found += [
            Figure(_("待审企业认证"), str(waiting), _("件"), proofs, "", "approve"),
            Figure(_("进行中的故障与维护"), str(lasting), _("起"), address("incidents:list"), "", "alert"),
        ]
    return found
