"""The banner of every page while something is out of order."""

from django import template

from portal.incidents import queries

register = template.Library()


@register.inclusion_tag("incidents/_banner.html")
def incidents_banner():
    """What is out of order at this moment."""
    return {"incidents": queries.lasting()}
