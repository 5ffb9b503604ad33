"""Help without a row of the database behind it."""

from itertools import groupby

from django.http import Http404
from django.shortcuts import render

from portal.help.articles import ARTICLES, ROLES, about


def index(request):
    """Every article by role; `?q=` narrows them."""
    words = request.GET.get("q", "").strip()[:60]
    found = about(words) if words else ARTICLES
    groups = [
        (role, ROLES[role], list(rows)) for role, rows in groupby(found, key=lambda article: article.role)
    ]
    return render(request, "help/index.html", {"groups": groups, "words": words})


def article(request, code):
    """One task, step by step."""
    found = next((article for article in ARTICLES if article.code == code), None)
    if found is None:
        raise Http404
    others = [other for other in ARTICLES if other.role == found.role and other != found]
    return render(
        request, "help/article.html", {"article": found, "role": ROLES[found.role], "others": others}
    )
