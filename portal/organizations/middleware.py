"""The hat a person is wearing."""

from portal.accounts.permissions import memberships, reach_of
from portal.shell import tenancy

SESSION_KEY = "organization"


def current_organization(request):
    """The organisation chosen in this session, else the person's first."""
    mine = [m.organization for m in memberships(request.user)]
    chosen = request.session.get(SESSION_KEY)
    return next((o for o in mine if o.code == chosen), mine[0] if mine else None)


class CurrentOrganization:
    """Sets `request.organization`, and tells the database for whom it answers."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.organization = current_organization(request)
        token = tenancy.enter(reach_of(request.user))
        try:
            with tenancy.in_the_course_of(request=request.id, person=request.user.get_username()):
                return self.get_response(request)
        finally:
            tenancy.leave(token)
