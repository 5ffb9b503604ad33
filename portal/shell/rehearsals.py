"""`?dry_run=true` or a test key: a write of the API happens with all its checks, is answered as usual, and is undone."""

from functools import wraps

from django.db import connection, transaction
from django.http import JsonResponse
from django.utils.translation import gettext as _

from portal.shell import keys
from portal.shell.api import PROBLEM, is_rehearsal, problem_body

SAFE = ("GET", "HEAD", "OPTIONS")


def answers_dry_runs(handler):
    """This handler looks itself whether it is only asked what would happen; its answer says so."""

    @wraps(handler)
    def answered(view, request, *args, **facts):
        response = handler(view, request, *args, **facts)
        if is_rehearsal(request):
            response["Dry-Run"] = "true"
        return response

    answered.answers_dry_runs = True  # type: ignore[attr-defined]
    return answered


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
        is_for_tests = keys.is_for_tests(keys.shown_in(request))
        is_meant = is_for_tests or "dry_run" in request.GET
        if request.method in SAFE or not is_meant or not hasattr(view, "cls"):
            return None
        handler = getattr(view.cls, request.method.lower(), None)
        if is_rehearsal(request) and getattr(handler, "answers_dry_runs", False):
            return None
        if is_for_tests:
            words = _("试用令牌只能试算，而此操作不支持试算；未执行。要正式执行请使用正式令牌。")
            return _refused(request, 403, "live_key_required", words)
        words = _("此操作不支持试算，或 dry_run 的值不是 true；未执行。要正式执行请去掉 dry_run。")
        return _refused(request, 422, "no_dry_run", words)


def _refused(request, status, code, words):
    body = problem_body(request, status=status, code=code, title=words)
    return JsonResponse(body, status=status, content_type=PROBLEM)
