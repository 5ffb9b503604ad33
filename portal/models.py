from portal.accounts.history import UserVersion
from portal.accounts.models import PasswordRecord, User
from portal.approvals.models import Approval
from portal.audit.models import Archive, Checkpoint, Event, Seal
from portal.backups.models import Backup
from portal.developers.models import ApiCall
from portal.incidents.models import Incident, IncidentUpdate
from portal.lists.models import Export, SavedView
from portal.members.models import AccessReview, AccessReviewLine, Invitation
from portal.notices.models import Notice, NoticeDelivery, NoticePreference
from portal.organizations.history import MembershipVersion, OrganizationVersion, ProjectVersion
from portal.organizations.models import Membership, Organization, Project
from portal.papers.models import PrintedPaper
from portal.recovery.models import FactorReset
from portal.sso.models import CityConsent, CitySystem
from portal.tokens.history import ApiTokenVersion, ApplicationVersion
from portal.tokens.models import ApiToken, Application, DeviceLogin
from portal.verification.models import Licence, Verification
from portal.watch.models import Alarm
from portal.webhooks.history import WebhookEndpointVersion
from portal.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "CityConsent",
    "CitySystem",
    "ApiTokenVersion",
    "ApplicationVersion",
    "MembershipVersion",
    "OrganizationVersion",
    "ProjectVersion",
    "UserVersion",
    "WebhookEndpointVersion",
    "AccessReview",
    "AccessReviewLine",
    "Incident",
    "IncidentUpdate",
    "Invitation",
    "ApiCall",
    "ApiToken",
    "Alarm",
    "Application",
    "Archive",
    "Approval",
    "Backup",
    "Checkpoint",
    "DeviceLogin",
    "Event",
    "Export",
    "FactorReset",
    "Membership",
    "Notice",
    "NoticeDelivery",
    "NoticePreference",
    "Organization",
    "PasswordRecord",
    "PrintedPaper",
    "Project",
    "SavedView",
    "Seal",
    "User",
    "Licence",
    "Verification",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
