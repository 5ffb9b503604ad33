"""What the door hands to a page."""

from django import template

from portal.accounts.permissions import is_officer
from portal.entrance import stays, typed

register = template.Library()


@register.inclusion_tag("entrance/_held.html", takes_context=True)
def stay(context):
    """When this stay ends for want of a hand, and what its reader had typed on this page before the last one ended."""
    request = context["request"]
    return {"seconds": stays.idle_seconds(is_officer(request.user)), "typed": typed.give_back(request)}
