from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("公共算力门户")

    def ready(self):
        from portal.audit import checks as audit_checks  # noqa: F401
        from portal.crypto import checks  # noqa: F401
        from portal.entrance import checks as entrance_checks  # noqa: F401
        from portal.entrance import receivers, sealing
        from portal.shell import tenancy

        connection_created.connect(tenancy.guard, dispatch_uid="tenancy")
        receivers.connect()
        sealing.connect()
