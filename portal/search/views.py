"""Find anything: a page of its own, and the answers for the box that `/` opens."""

from django.shortcuts import render

from portal.search.queries import search

MOST_LETTERS = 60


def results(request):
    """What the words find among what this reader may see."""
    words = request.GET.get("q", "").strip()[:MOST_LETTERS]
    is_part = request.htmx and not request.htmx.history_restore_request
    context = {"words": words, "groups": search(request.user, words)}
    response = render(request, "search/_results.html" if is_part else "search/page.html", context)
    response["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response
