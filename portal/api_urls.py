from django.urls import path

from portal.approvals.api import ApprovalDecision, ApprovalDetail, ApprovalList
from portal.audit.api import EventList
from portal.lists.api import ExportFile, ExportList
from portal.operations.api import OperationDetail, OperationList
from portal.organizations.api import ProjectList
from portal.tokens.api import Tokens
from portal.tokens.device_api import DeviceKeys, DeviceLogins
from portal.webhooks.api import (
    EndpointDetail,
    EndpointList,
    EndpointPause,
    EndpointRemoval,
    EndpointResumption,
    EndpointRevision,
    EndpointRotation,
    EndpointTest,
)

urlpatterns = [
    path("tokens/", Tokens.as_view()),
    path("device-logins/", DeviceLogins.as_view()),
    path("device-logins/key/", DeviceKeys.as_view()),
    path("projects/", ProjectList.as_view()),
    path("approvals/", ApprovalList.as_view()),
    path("approvals/<str:code>/", ApprovalDetail.as_view()),
    path("approvals/<str:code>/decision/", ApprovalDecision.as_view()),
    path("webhooks/", EndpointList.as_view()),
    path("webhooks/<str:code>/", EndpointDetail.as_view()),
    path("webhooks/<str:code>/rotation/", EndpointRotation.as_view()),
    path("webhooks/<str:code>/test/", EndpointTest.as_view()),
    path("webhooks/<str:code>/revision/", EndpointRevision.as_view()),
    path("webhooks/<str:code>/pause/", EndpointPause.as_view()),
    path("webhooks/<str:code>/resumption/", EndpointResumption.as_view()),
    path("webhooks/<str:code>/removal/", EndpointRemoval.as_view()),
    path("exports/", ExportList.as_view()),
    path("exports/<str:code>/", ExportFile.as_view()),
    path("operations/", OperationList.as_view()),
    path("operations/<str:code>/", OperationDetail.as_view()),
    path("audit-events/", EventList.as_view()),
]
