"""`?dry_run=true`: a write of the API happens with all its checks, is answered as usual, and is undone."""

from functools import wraps

from django.db import connection, transaction
from django.http import JsonResponse
from django.utils.translation import gettext as _

from portal.shell.api import PROBLEM, is_rehearsal, problem_body

SAFE = ("GET", "HEAD", "OPTIONS")


def answers_dry_runs(handler):
    """This handler looks itself whether it is only asked what would happen."""
    handler.answers_dry_runs = True
    return handler


def rehearsable(handler):
    """This handler is undone at its end when it is only asked what would happen; it must speak to no other machine."""

    @answers_dry_runs
    @wraps(handler)
    def rehearsed(view, request, *args, **facts):
        if not is_rehearsal(request):
            return handler(view, request, *args, **facts)
        with transaction.atomic():
            response = handler(view, request, *args, **facts)
            connection.check_constraints()
            transaction.set_rollback(True)
        response["Dry-Run"] = "true"
        response.headers.pop("Location", None)
        return response

    return rehearsed


class OnlyWhereAnswered:
    """A write that knows no dry run refuses it: it would else be done for good."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, facts):
        if request.method in SAFE or "dry_run" not in request.GET or not hasattr(view, "cls"):
            return None
        handler = getattr(view.cls, request.method.lower(), None)
        if is_rehearsal(request) and getattr(handler, "answers_dry_runs", False):
            return None
        words = _("此操作不支持试算，或 dry_run 的值不是 true；未执行。要正式执行请去掉 dry_run。")
        body = problem_body(request, status=422, code="no_dry_run", title=words)
        return JsonResponse(body, status=422, content_type=PROBLEM)
