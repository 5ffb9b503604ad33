"""Letting people in, standing in, changing and ending roles."""

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.accounts.models import User
from portal.accounts.permissions import ADMINISTRATORS, Role
from portal.audit import actions as audit
from portal.members.models import Invitation
from portal.members.queries import KEEPERS, ROLES_OF, may_begin, may_manage
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.organizations import actions as organizations
from portal.organizations.models import Membership, Organization
from portal.shell import tenancy
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

INVITATION_DAYS = 7
STAND_IN_DAYS = 90


class CannotGrant(Refusal):
    """This role cannot be given to this person here."""

    code = "cannot_grant"


class CannotWithdraw(Refusal):
    """This role cannot be taken away."""

    status = 409
    code = "cannot_withdraw"


class InvitationUnusable(Refusal):
    """The link is unknown, used, withdrawn or too old."""

    status = 409
    code = "invitation_unusable"


def _check(organization, role, until, reason, by, at):
    if not may_manage(by, organization):
        raise CannotGrant(_("您无权管理该单位的成员。"), code="not_yours")
    if role not in ROLES_OF[organization.kind]:
        raise CannotGrant(_("该类单位没有这个角色，请重新选择。"), field="role")
    if until is None:
        return
    if not at < until <= at + timedelta(days=STAND_IN_DAYS):
        raise CannotGrant(_("代理期限须在今后 %(days)d 天之内。") % {"days": STAND_IN_DAYS}, field="until")
    if not reason.strip():
        raise CannotGrant(_("限期授权须写明原因，例如“休假代理”。"), field="reason")


def invite(*, organization, email, role, until, reason, by, at) -> Invitation:
    """Offer a role to whoever reads this mailbox; a task sends the mail."""
    _check(organization, role, until, reason, by, at)
    if User.objects.filter(email__iexact=email, id=by.id).exists():
        raise CannotGrant(_("不能给自己授权，请由另一位管理员操作。"), field="email")
    if Membership.objects.filter(user__email__iexact=email, organization=organization, role=role).exists():
        raise CannotGrant(_("此人已在本单位担任该角色。"), field="email")
    try:
        with transaction.atomic():
            organization.invitations.pending().filter(
                email__iexact=email, role=role, expires_at__lte=at
            ).update(withdrawn_at=at)
            invitation = _offer(organization, email, role, by, at, until=until, reason=reason)
            audit.record(invitation, "member.invited", by=by, role=role, until=until and until.isoformat())
    except IntegrityError as clash:
        raise CannotGrant(_("已向该邮箱发出同样的邀请，请等待对方接受或先撤回。"), field="email") from clash
    return invitation


def _offer(organization, email, role, by, at, **limits) -> Invitation:
    return Invitation.objects.create(
        code=new_code("IV"),
        organization=organization,
        email=email.lower(),
        role=role,
        invited_by=by,
        invited_at=at,
        expires_at=at + timedelta(days=INVITATION_DAYS),
        **limits,
    )


class Onboarded(NamedTuple):
    """Who takes part from now on, and what was offered to its first person; nothing where somebody else offers it."""

    organization: Organization
    invitation: Invitation | None


def onboard(*, kind, name, district, email, role, by, at) -> Onboarded:
    """The platform brings in a provider or an authority, and its first person is invited by whoever may grant the role."""
    if role not in ROLES_OF[kind]:
        raise CannotGrant(_("该类单位没有这个角色，请重新选择。"), field="role")
    try:
        with transaction.atomic(), tenancy.citywide():
            organization = Organization.objects.create(
                code=new_code("PV" if kind == Organization.Kind.PROVIDER else "GV"),
                kind=kind,
                name=name,
                district=district,
                verified_at=at,
            )
            invitation = None
            # An authority's people serve the whole city: whoever may appoint staff invites them, nobody else.
            if may_begin(by, kind):
                invitation = _offer(organization, email, role, by, at)
            else:
                _ask_to_invite(organization, email.lower(), role, at)
            audit.record(
                organization,
                "organization.onboarded",
                by=by,
                organization=organization,
                after={"kind": kind, "name": name, "email": email, "role": role},
                invited=invitation is not None,
            )
    except IntegrityError as clash:
        raise CannotGrant(_("已有同名单位，请换一个名称或在其成员页邀请。"), field="name") from clash
    return Onboarded(organization, invitation)


@tenancy.citywide()
def invite_first_again(*, organization_id, email, by, at) -> Invitation:
    """Offer a provider's first role anew, perhaps to another mailbox; what was offered before ends. Raises CannotGrant."""
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get(id=organization_id)
        if organization.memberships.exists():
            raise CannotGrant(_("首位成员已加入，之后由其自行邀请同事。"))
        organization.invitations.pending().update(withdrawn_at=at)
        role = KEEPERS[Organization.Kind(organization.kind)]
        invitation = _offer(organization, email, role, by, at)
        audit.record(invitation, "member.invited", by=by, role=role, until=None)
    return invitation


def _ask_to_invite(organization, email, role, at):
    wish = urlencode({"organization": organization.code, "email": email, "role": role})
    notices.notify(
        kind=Notice.Kind.SECURITY,
        sentence=gettext_noop("%(organization)s 已建档，请核实并邀请其首位成员 %(email)s（%(role)s）"),
        values={"organization": organization.name, "email": email, "role": str(Role(role).label)},
        url=f"{reverse('members:invite')}?{wish}",
        at=at,
        action="staff.manage",
    )


def withdraw_invitation(*, invitation_id, by, at) -> Invitation:
    """Take an offer back. Saying it twice changes nothing."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(id=invitation_id)
        if invitation.accepted_at or invitation.withdrawn_at:
            return invitation
        invitation.withdrawn_at = at
        invitation.save(update_fields=["withdrawn_at"])
        audit.record(
            invitation,
            "member.invitation_withdrawn",
            by=by,
            email=invitation.email,
            before={"withdrawn_at": None},
            after={"withdrawn_at": at.isoformat()},
        )
    return invitation


def note_sent(*, invitation_id, at) -> None:
    """The mail has gone out."""
    Invitation.objects.filter(id=invitation_id, sent_at=None).update(sent_at=at)


@tenancy.citywide()
def accept(*, code, by, at) -> Membership:
    """Whoever holds the link takes the role, once."""
    try:
        with transaction.atomic():
            invitation = (
                Invitation.objects.select_for_update(no_key=True, of=("self",))
                .select_related("organization", "invited_by")
                .filter(code=code)
                .first()
            )
            if (
                invitation is None
                or invitation.withdrawn_at
                or invitation.accepted_at
                or invitation.expires_at <= at
            ):
                raise InvitationUnusable(_("邀请链接无效、已使用、已撤回或已过期，请联系邀请人重新发送。"))
            if not invitation.is_for(by):
                raise InvitationUnusable(
                    _("这份邀请发给 %(email)s，请用该邮箱的账号登录后再接受。") % {"email": invitation.email},
                    code="other_mailbox",
                )
            organizations.keep_apart(by, invitation.role)
            membership = Membership.objects.create(
                user=by,
                organization=invitation.organization,
                role=invitation.role,
                until=invitation.until,
                granted_by=invitation.invited_by,
                reason=invitation.reason,
            )
            invitation.accepted_at = at
            invitation.accepted_by = by
            invitation.save(update_fields=["accepted_at", "accepted_by"])
            audit.record(
                membership,
                "member.joined",
                by=by,
                organization=invitation.organization,
                after=_facts(membership),
            )
    except IntegrityError as clash:
        raise _clash_in_words(clash) from clash
    by.__dict__.pop("_memberships", None)
    return membership


def _clash_in_words(clash) -> CannotGrant:
    if "no_account_combines_administrators" in str(clash):
        return CannotGrant(
            _("系统、安全、审计三类管理员须由三个不同的人担任，此账号已是其中之一。"), code="separated_roles"
        )
    if "nobody_" in str(clash):
        return CannotGrant(_("不能给自己授权，请由另一位管理员操作。"), code="own_grant")
    return CannotGrant(_("此人已在本单位担任该角色。"), code="already_held")


def stand_in(*, membership_id, role, until, reason, by, at) -> Membership:
    """Let a member hold a second role for a while, for a reason that stays on the record."""
    with transaction.atomic():
        held = Membership.objects.select_related("organization", "user").get(id=membership_id)
        _check(held.organization, role, until, reason, by, at)
        if until is None:
            raise CannotGrant(_("请填写代理的截止时间。"), field="until")
        try:
            with transaction.atomic():
                granted = Membership.objects.create(
                    user=held.user,
                    organization=held.organization,
                    role=role,
                    until=until,
                    granted_by=by,
                    reason=reason,
                )
        except IntegrityError as clash:
            raise _clash_in_words(clash) from clash
        audit.record(granted, "member.granted", by=by, after=_facts(granted))
        _tell(granted, gettext_noop("您在 %(organization)s 限期担任“%(role)s”"), at)
    return granted


def change_role(*, membership_id, role, by, at) -> Membership:
    """Give a member another role instead of the present one."""
    with transaction.atomic():
        membership = _locked(membership_id)
        _check(membership.organization, role, None, "", by, at)
        if membership.role == role:
            return membership
        if membership.user_id == by.id:
            raise CannotGrant(_("不能给自己授权，请由另一位管理员操作。"), field="role")
        _keep_a_keeper(membership, at)
        before = _facts(membership)
        membership.role, membership.granted_by = role, by
        try:
            with transaction.atomic():
                membership.save(update_fields=["role", "granted_by"])
        except IntegrityError as clash:
            raise _clash_in_words(clash) from clash
        audit.record(membership, "member.changed", by=by, before=before, after=_facts(membership))
        _tell(membership, gettext_noop("您在 %(organization)s 的角色改为“%(role)s”"), at)
    return membership


def withdraw(*, membership_id, reason, by, at) -> None:
    """Take a role away."""
    with transaction.atomic():
        membership = _locked(membership_id)
        if not may_manage(by, membership.organization):
            raise CannotWithdraw(_("您无权管理该单位的成员。"), code="not_yours")
        _keep_a_keeper(membership, at)
        audit.record(membership, "member.withdrawn", by=by, before=_facts(membership), reason=reason)
        _end(membership, at)


def expire(*, membership_id, at) -> None:
    """A stand-in's time is over."""
    with transaction.atomic():
        membership = _locked(membership_id)
        if membership.until is None or membership.until > at:
            return
        audit.record(membership, "member.expired", by=None, before=_facts(membership))
        _end(membership, at)


def _end(membership, at):
    _tell(membership, gettext_noop("您在 %(organization)s 的角色“%(role)s”已收回"), at)
    membership.delete()


def _locked(membership_id) -> Membership:
    return (
        Membership.objects.select_for_update(of=("self",))
        .select_related("organization", "user")
        .get(id=membership_id)
    )


def _keep_a_keeper(membership, at):
    keeper = KEEPERS.get(membership.organization.kind)
    if membership.role in ADMINISTRATORS:
        keeper, peers = membership.role, Membership.objects.all()
    elif membership.role == keeper:
        peers = Membership.objects.filter(organization=membership.organization)
    else:
        return
    # Locked in key order: two administrators removing each other would both see one left.
    others = (
        peers.filter(role=keeper, user__is_active=True).filter(until=None).select_for_update(of=("self",))
    )
    if not [m for m in others.order_by("id") if m.id != membership.id]:
        raise CannotWithdraw(
            _("这是最后一位“%(role)s”，请先让另一个人担任。") % {"role": Role(membership.role).label}
        )


def _facts(membership) -> dict:
    return {
        "user": membership.user.username,
        "role": str(membership.role),
        "until": membership.until and membership.until.isoformat(),
        "reason": membership.reason,
    }


def _tell(membership, sentence, at):
    notices.notify(
        kind=Notice.Kind.SECURITY,
        sentence=sentence,
        values={
            "organization": membership.organization.name,
            "role": str(Role(membership.role).label),
        },
        url="/members/",
        at=at,
        user=membership.user,
    )
