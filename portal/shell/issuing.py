"""Secrets are given out in one way: a list of who has one, a form for another, and a page that shows a new one once."""

from dataclasses import dataclass

from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise

from portal.shell.screens import ListScreen, show


@dataclass(frozen=True)
class Issuing:
    """A list of those who have a secret, where it stands, its form's title and button, and a template with more words."""

    screen: ListScreen
    url_name: str
    form_title: str | Promise
    button: str | Promise
    template: str = "shell/issuing.html"


def show_issuing(request, issuing: Issuing, form, **context):
    """The list and the form for another."""
    context |= {"issuing": issuing, "form": form}
    return show(request, issuing.screen, issuing.template, status=422 if form.errors else 200, **context)


def show_changing(request, issuing: Issuing, form, *, name, title, lead):
    """The form that changes what one of them was given, and leaves the secret as it is."""
    context = {"issuing": issuing, "form": form, "name": name, "title": title, "lead": lead}
    return render(request, "shell/changing.html", context, status=422 if form.errors else 200)


def show_once(request, issuing: Issuing, name, secrets: dict[str, str], note="", how=""):
    """A secret just made, for the only time, with its name and what to do with it."""
    context = {"issuing": issuing, "name": name, "secrets": secrets, "note": note, "how": how}
    context["back"] = reverse(issuing.url_name)
    return render(request, "shell/issued.html", context)
