"""The doors that belong to no centre."""

from django.utils.translation import gettext_lazy as _

from portal.shell.entries import Navigation

navigation = [Navigation(_("开放接口"), "api-reference", order=40, icon="code")]
