"""Proposing that lost factors go, and agreeing to it."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.audit import actions as audit
from portal.entrance.actions import first_organization
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.recovery.models import FactorReset
from portal.shell import status
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal

Status = FactorReset.Status


class CannotPropose(Refusal):
    """Nobody proposes it for themselves, or twice."""

    status = 409
    code = "cannot_propose"


class NotThatPerson(Refusal):
    """Whoever proposed it, or lost the factors, is not the second person."""

    status = 403
    code = "not_that_person"


def propose(*, user, proof, by, at) -> FactorReset:
    """One administrator has seen who it is, and says how."""
    if user == by:
        raise CannotPropose(_("不能为自己提出，请由另外两位管理员办理。"), field="username")
    try:
        with transaction.atomic():
            reset = FactorReset.objects.create(
                code=new_code("FR"), user=user, proof=proof, proposed_by=by, proposed_at=at
            )
            audit.record(
                user,
                "account.reset_proposed",
                by=by,
                organization=first_organization(user),
                reset=reset.code,
                proof=proof,
            )
            notices.notify(
                kind=Notice.Kind.SECURITY,
                sentence=gettext_noop("%(name)s 的第二因素待重置，请核对身份后核准或驳回。"),
                values={"name": user.username},
                url="/people/factor-resets/",
                at=at,
                action="factors.reset",
            )
    except IntegrityError as clash:
        raise CannotPropose(_("该账号已有一项待核准的重置。"), field="username") from clash
    return reset


def confirm(*, reset_id, by, at) -> FactorReset:
    """Another administrator agrees: factors and stays end, and the person begins anew with the password."""
    with transaction.atomic():
        reset = _decide(reset_id, Status.CONFIRMED, by, at)
        user = reset.user
        lost = Authenticator.objects.filter(user=user)
        kinds = sorted(lost.values_list("type", flat=True))
        lost.delete()
        for stay in UserSession.objects.filter(user=user):
            stay.end()
        audit.record(
            user,
            "account.factors_reset",
            by=by,
            organization=first_organization(user),
            reset=reset.code,
            before={"factors": kinds},
            after={"factors": []},
        )
        notices.notify(
            kind=Notice.Kind.SECURITY,
            sentence=gettext_noop(
                "您的第二因素已由两位管理员重置，下次登录须重新设置。若非本人申请，请立即联系安全管理员。"
            ),
            values={},
            url="/account/security/",
            at=at,
            user=user,
        )
    return reset


def refuse(*, reset_id, by, at) -> FactorReset:
    """Another administrator is not convinced; everything stays."""
    with transaction.atomic():
        reset = _decide(reset_id, Status.REFUSED, by, at)
        audit.record(
            reset.user,
            "account.reset_refused",
            by=by,
            organization=first_organization(reset.user),
            reset=reset.code,
        )
    return reset


def _decide(reset_id, to, by, at) -> FactorReset:
    reset = (
        FactorReset.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user")
        .get(id=reset_id)
    )
    if by.id in (reset.proposed_by_id, reset.user_id):
        raise NotThatPerson(_("须由提出人与本人以外的另一位管理员核准。"))
    return status.move(reset, to, decided_by=by, decided_at=at)
