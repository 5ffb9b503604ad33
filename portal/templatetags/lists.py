"""What stands around a list: `{% load lists %}`."""

from django import template

from portal.lists import queries

register = template.Library()


@register.simple_tag(takes_context=True)
def tab_query(context, name, value):
    """This list's address under another tab: the conditions stay, the place in the list does not."""
    wishes = context["request"].GET.copy()
    for gone in (name, "cursor", "view"):
        wishes.pop(gone, None)
    if value:
        wishes[name] = value
    return _address(wishes)


@register.simple_tag(takes_context=True)
def without_condition(context, name):
    """This list's address with one condition taken away."""
    wishes = context["request"].GET.copy()
    for gone in (name, "cursor", "view"):
        wishes.pop(gone, None)
    return _address(wishes)


def _address(wishes):
    # An address without any wish would open the reader's default view.
    return f"?{wishes.urlencode() or 'view=all'}"


@register.inclusion_tag("components/list_menus.html", takes_context=True)
def list_menus(context):
    """The views kept of a list, how it is shown, and taking it along as a file."""
    request, screen = context["request"], context["screen"]
    return {
        "list": context["list"],
        "screen": screen,
        "request": request,
        "views": queries.views_of(request, screen),
        "here": request.GET.get("view", ""),
    }
