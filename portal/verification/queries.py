"""What the machine can check before a person looks."""

import re

from django.utils.translation import gettext as _

from portal.organizations.credit_code import is_valid
from portal.organizations.models import Organization
from portal.shell import tenancy
from portal.shell.reviews import Fact, Material, Parts
from portal.verification.models import Licence, Verification

# GB/T 2260: the first digits of the region in which a credit code was given.
XIAMEN = "3502"
MOBILE = re.compile(r"^(\+86)?1[3-9]\d{9}$")


def latest_of(organization) -> Verification | None:
    return organization.verifications.order_by("-id").first() if organization else None


@tenancy.citywide()
def same_licence_elsewhere(licence: Licence) -> list[str]:
    """Codes of other firms that handed in the very same file."""
    rows = Licence.objects.filter(digest=licence.digest).exclude(
        verification__organization=licence.verification.organization
    )
    return sorted(set(rows.values_list("verification__organization__code", flat=True)))


def parts_of(verification: Verification) -> Parts:
    """The licence, the fields, and what was found about each."""
    organization: Organization = verification.organization
    licence = verification.licence
    elsewhere = same_licence_elsewhere(licence)
    region = organization.credit_code[2:8]
    is_local = region.startswith(XIAMEN)
    code_is_good = is_valid(organization.credit_code)
    phone_is_good = bool(MOBILE.match(verification.contact_phone))
    return Parts(
        materials=[
            Material(
                _("营业执照"),
                url=f"/verifications/{verification.code}/licence/",
                is_picture=not licence.name.lower().endswith(".pdf"),
            )
        ],
        facts=[
            Fact(_("单位名称"), organization.name, _("注册时填写"), remark="name"),
            Fact(
                _("统一社会信用代码"),
                organization.credit_code,
                _("注册时填写"),
                "ok" if code_is_good else "bad",
                _("校验码正确") if code_is_good else _("校验码不正确"),
                remark="credit_code",
            ),
            Fact(
                _("登记地区码"),
                region,
                _("信用代码第 3–8 位"),
                "ok" if is_local else "warn",
                _("属厦门市") if is_local else _("不属厦门市，请核对所在区与政策适用范围"),
            ),
            Fact(
                _("所在区"),
                organization.get_district_display() or _("市外"),
                _("注册时填写"),
                remark="district",
            ),
            Fact(
                _("法定代表人"),
                verification.legal_representative,
                _("申请人填写，与执照核对"),
                remark="legal_representative",
            ),
            Fact(_("注册地址"), verification.address, _("申请人填写，与执照核对"), remark="address"),
            Fact(_("企业经办人"), verification.contact_name, _("申请人填写"), remark="contact_name"),
            Fact(
                _("经办人手机号"),
                verification.contact_phone,
                _("申请人填写"),
                "ok" if phone_is_good else "warn",
                _("格式正确") if phone_is_good else _("不是内地手机号"),
                remark="contact_phone",
            ),
            Fact(
                _("执照文件"),
                licence.name,
                f"SHA-256 {licence.digest[:12]}…",
                "bad" if elsewhere else "ok",
                _("与其他单位提交的文件相同：%(codes)s") % {"codes": _("、").join(elsewhere)}
                if elsewhere
                else _("未见于其他单位"),
                remark="licence",
            ),
        ],
    )
