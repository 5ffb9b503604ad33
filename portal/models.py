from portal.accounts.models import ApiToken, User
from portal.approvals.models import Approval
from portal.audit.models import Event, Seal
from portal.notices.models import Notice
from portal.organizations.models import Membership, Organization, Project

__all__ = ["ApiToken", "Approval", "Event", "Membership", "Notice", "Organization", "Project", "Seal", "User"]
