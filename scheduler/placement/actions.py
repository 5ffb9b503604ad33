"""Decide where an order runs, and promise it the cards there."""

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from federation.capacity import actions as capacity
from federation.capacity.models import Pool
from portal.shell.codes import new_code
from portal.shell.exceptions import Refusal
from scheduler.engine import ENGINE_VERSION, Reason, Request, Weights, plan
from scheduler.placement import queries
from scheduler.placement.models import Decision

TRIES = 5
# Told in this order: the first reason that any pool of the right kind and owner has is what the buyer hears.
TELLING = (
    Reason.GANG_DOES_NOT_FIT,
    Reason.GANG_TOO_WIDE,
    Reason.HOURS_TOO_LONG,
    Reason.NOT_ENOUGH_CARDS,
    Reason.STALE_DATA,
    Reason.CLUSTER_CONNECTING,
    Reason.CLUSTER_OFFLINE,
)


class NowhereToRun(Refusal):
    """No pool in the offer can take all of it now."""

    status = 409
    code = "nowhere_to_run"

    def __init__(self, message, *, candidates, field="cards"):
        super().__init__(message, field=field)
        self.candidates = candidates


def decide(
    *, subject_code, accelerator, cards, provider_code=None, district=None, hours=None, at
) -> Decision:
    """Choose a pool for an order and hold its cards under the order's code, in the caller's transaction.

    Saying it twice for one order changes nothing. Raises NowhereToRun with every candidate's reasons.
    """
    request = Request(
        accelerator=getattr(accelerator, "code", accelerator),
        cards=cards,
        provider=provider_code,
        district=district or None,
        hours=float(hours) if hours else None,
    )
    weights = Weights()
    with transaction.atomic():
        earlier = queries.by_subject(subject_code)
        if earlier is not None:
            return earlier
        for _try in range(TRIES):
            answer = plan(queries.snapshot(), request, weights, at.timestamp())
            if answer.chosen is None:
                break
            pool = Pool.objects.get(code=answer.chosen)
            try:
                capacity.hold(key=subject_code, pool_id=pool.id, allocation=answer.allocation, at=at)
            except capacity.NotEnoughCards:
                continue  # somebody was faster; look at the city again
            return _write(subject_code, pool, answer, request, weights, at)
    raise NowhereToRun(_why(answer, request), candidates=answer.candidates)


def decide_within(*, subject_code, reservation_code, cards, at) -> Decision:
    """Give an order cards out of a reservation, on the reservation's nodes. Saying it twice changes nothing.

    Raises NotEnoughCards.
    """
    with transaction.atomic():
        held = capacity.hold_within(key=subject_code, outer_key=reservation_code, cards=cards, at=at)
        return queries.by_subject(subject_code) or Decision.objects.create(
            code=new_code("PL"),
            subject_code=subject_code,
            pool=held.pool,
            cards=cards,
            allocation=held.allocation,
            candidates=[],
            inputs={"reservation": reservation_code},
            engine_version=ENGINE_VERSION,
            made_at=at,
        )


def _write(subject_code, pool, answer, request, weights, at) -> Decision:
    return Decision.objects.create(
        code=new_code("PL"),
        subject_code=subject_code,
        pool=pool,
        cards=request.cards,
        allocation=answer.allocation,
        candidates=[_plain(candidate) for candidate in answer.candidates],
        inputs={**asdict(request), "weights": asdict(weights), "max_age_seconds": weights.max_age_seconds},
        engine_version=ENGINE_VERSION,
        made_at=at,
    )


def _plain(candidate) -> dict:
    return {
        "pool": candidate.pool,
        "cluster": candidate.cluster,
        "provider": candidate.provider,
        "cards_free": candidate.cards_free,
        "reasons": [str(reason) for reason in candidate.reasons],
        "parts": candidate.parts,
        "score": candidate.score,
        "rank": candidate.rank,
    }


def _why(answer, request) -> str:
    if answer.chosen is not None:
        return _("空闲的卡正在被其他订单抢占，请稍后再试。")
    offered = [
        candidate
        for candidate in answer.candidates
        if not {Reason.WRONG_ACCELERATOR, Reason.OTHER_PROVIDER} & set(candidate.reasons)
    ]
    if not offered:
        return _("所选商品当前没有可用的资源池，请另选商品。")
    most = max(candidate.cards_free for candidate in offered)
    said = {reason for candidate in offered for reason in candidate.reasons}
    if Reason.NOT_ENOUGH_CARDS in said and 0 < most < request.cards:
        return _("当前最多可订 %(most)d 张卡，请减少卡数或另选商品。") % {"most": most}
    match next((reason for reason in TELLING if reason in said), None):
        case Reason.GANG_DOES_NOT_FIT | Reason.GANG_TOO_WIDE:
            return _("空闲的卡分散在各节点，放不下一个 %(cards)d 卡的作业。请减少卡数或另选商品。") % {
                "cards": request.cards
            }
        case Reason.HOURS_TOO_LONG:
            return _("所需时长超过集群单个作业的上限，请缩短时长。")
        case Reason.NOT_ENOUGH_CARDS:
            return _("当前最多可订 %(most)d 张卡，请减少卡数或另选商品。") % {"most": most}
        case _:
            return _("集群暂时连接不上，请稍后再试或另选商品。")
