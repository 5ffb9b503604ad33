"""What stands around a list: `{% load lists %}`."""

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def tab_query(context, name, value):
    """This list's address under another tab: the conditions stay, the place in the list does not."""
    wishes = context["request"].GET.copy()
    for gone in (name, "cursor", "view"):
        wishes.pop(gone, None)
    if value:
        wishes[name] = value
    return f"?{wishes.urlencode()}"


@register.inclusion_tag("components/list_menus.html", takes_context=True)
def list_menus(context):
    """How a list is shown, and taking it along as a file."""
    return {"list": context["list"], "screen": context["screen"], "request": context["request"]}
