"""An administrator's page of the systems that listen, and the log of what they were told."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.scoping import acting_for, require
from portal.shell.exceptions import Refusal
from portal.shell.issuing import show_changing, show_issuing, show_once
from portal.shell.screens import RecordScreen, show
from portal.webhooks import actions as webhooks
from portal.webhooks import tables
from portal.webhooks.forms import EndpointForm
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint

MANAGE = "webhooks.manage"


@require(MANAGE)
@reauthentication_required(app="allauth.account", allow_get=True)
def endpoints(request):
    """The addresses that listen to this organisation; a new one's secret is shown once."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = webhooks.create(
                organization=acting_for(request, MANAGE),
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            return _show(request, fresh)
    return show_issuing(request, tables.endpoints, form)


@require(MANAGE)
@reauthentication_required(app="allauth.account", allow_get=True)
def revise(request, code):
    """Another address, or other events; the secret stays."""
    endpoint = _mine(request, code)
    form = EndpointForm(request.POST or None, initial={"url": endpoint.url, "events": endpoint.events})
    if request.method == "POST" and form.is_valid():
        try:
            revised = webhooks.revise(
                endpoint_id=endpoint.id, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, _("%(url)s 已保存，从下一条消息起生效。") % {"url": revised.url})
            return redirect("webhooks:list")
    lead = _("密钥不变；已排队的消息也发往新地址，新选的事件从现在起发送。")
    return show_changing(
        request, tables.endpoints, form, name=endpoint.url, title=_("修改接收地址"), lead=lead
    )


@require(MANAGE)
@require_POST
@reauthentication_required(app="allauth.account")
def rotate(request, code):
    """Give an address another secret, shown once."""
    return _show(
        request,
        webhooks.rotate(endpoint_id=_mine(request, code).id, by=request.user, at=timezone.now()),
    )


@require(MANAGE)
@require_POST
def test(request, code):
    """Send something harmless and look at what came of it."""
    endpoint = _mine(request, code)
    try:
        delivery = webhooks.test(endpoint_id=endpoint.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("webhooks:list")
    messages.success(request, _("测试消息已排队，几秒后刷新可看到对方的回答。"))
    return redirect(delivery)


@require(MANAGE)
@require_POST
def switch(request, code):
    """Stop sending there, or begin again."""
    endpoint = _mine(request, code)
    if endpoint.disabled_at is None:
        webhooks.switch_off(
            endpoint_id=endpoint.id,
            reason=WebhookEndpoint.Reason.OWNER,
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("已停用 %(url)s。") % {"url": endpoint.url})
    else:
        webhooks.switch_on(endpoint_id=endpoint.id, by=request.user, at=timezone.now())
        messages.success(request, _("已启用 %(url)s，从现在起的事件会发往该地址。") % {"url": endpoint.url})
    return redirect("webhooks:list")


@require(MANAGE)
@require_POST
def remove(request, code):
    """Forget an address; its log stays."""
    endpoint = _mine(request, code)
    webhooks.remove(endpoint_id=endpoint.id, by=request.user, at=timezone.now())
    messages.success(request, _("已删除 %(url)s，投递记录仍可查看。") % {"url": endpoint.url})
    return redirect("webhooks:list")


@require(MANAGE)
def deliveries(request):
    """What was sent where, and what was answered."""
    return show(request, tables.screen)


@require(MANAGE)
def delivery(request, code):
    """One message: its body, its tries and their answers."""
    rows = WebhookDelivery.objects.visible_to(request.user).with_state().select_related("endpoint")
    row = get_object_or_404(rows, code=code)
    record = RecordScreen(row, row.code, row.type, tables.screen.title, "webhooks:deliveries")
    context = {
        "record": record,
        "row": row,
        "state_word": tables.screen.tab_words[row.state],
        "columns": tables.ATTEMPTS,
        "attempts": row.attempts.all()[:50],
    }
    return render(request, "webhooks/delivery.html", context)


@require(MANAGE)
@require_POST
def resend(request, code):
    """Send a message once more."""
    row = get_object_or_404(WebhookDelivery.objects.visible_to(request.user), code=code)
    try:
        webhooks.resend(delivery_id=row.id, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect(row)
    messages.success(request, _("已排队重发，几秒后刷新可看到对方的回答。"))
    return redirect(row)


def _mine(request, code) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.visible_to(request.user).standing(), code=code)


def _show(request, fresh):
    endpoint, secret = fresh
    note = ""
    if endpoint.old_secret_until:
        until = date_format(timezone.localtime(endpoint.old_secret_until), "Y-m-d H:i")
        note = _("旧密钥到 %(until)s 仍同时签名，请在此之前换上新密钥。") % {"until": until}
    return show_once(request, tables.endpoints, endpoint.url, {_("签名密钥"): secret}, note)
