"""The page on which anybody may check a paper."""

from django.shortcuts import render

from portal.papers.models import PrintedPaper
from portal.shell import limits
from portal.shell.codes import codes_in


def check(request):
    """What was printed under a code; counted, so that nobody tries codes one after another."""
    words = request.GET.get("code", "").strip()[:40]
    seconds = limits.wait(limits.take(paper=limits.address_of(request))) if words else 0
    codes = codes_in(words, "CK")
    found = PrintedPaper.objects.filter(code__in=codes).first() if codes and not seconds else None
    context = {"words": words, "found": found, "seconds": seconds}
    response = render(request, "papers/check.html", context, status=429 if seconds else 200)
    if seconds:
        response["Retry-After"] = str(seconds)
    return response
