from django.urls import path

from portal.approvals.api import ApprovalDecision, ApprovalDetail, ApprovalList
from portal.audit.api import EventList
from portal.organizations.api import ProjectList
from portal.tokens.api import Tokens
from portal.webhooks.api import EndpointList, EndpointRemoval

urlpatterns = [
    path("tokens/", Tokens.as_view()),
    path("projects/", ProjectList.as_view()),
    path("approvals/", ApprovalList.as_view()),
    path("approvals/<str:code>/", ApprovalDetail.as_view()),
    path("approvals/<str:code>/decision/", ApprovalDecision.as_view()),
    path("webhooks/", EndpointList.as_view()),
    path("webhooks/<str:code>/removal/", EndpointRemoval.as_view()),
    path("audit-events/", EventList.as_view()),
]
