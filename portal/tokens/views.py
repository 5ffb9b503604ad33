"""A person's keys for programs."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.shell.screens import show
from portal.tokens import actions as tokens
from portal.tokens.forms import TokenForm
from portal.tokens.models import ApiToken
from portal.tokens.tables import screen


@login_required
@reauthentication_required(app="allauth.account", allow_get=True)
def listing(request):
    """The keys this person made; a new one's secret is shown once, here."""
    form = TokenForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid() and request.organization:
        _token, secret = tokens.issue(
            organization=request.organization, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        form = TokenForm()
    return show(
        request, screen, "tokens/list.html", status=422 if form.errors else 200, form=form, secret=secret
    )


@login_required
@require_POST
@reauthentication_required(app="allauth.account")
def revoke(request, code):
    """Take a key back."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), code=code)
    tokens.revoke(token_id=token.id, by=request.user, at=timezone.now())
    messages.success(request, _("访问令牌“%(name)s”已吊销。") % {"name": token.name})
    return redirect("tokens:list")
