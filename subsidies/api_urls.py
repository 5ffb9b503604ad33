from django.urls import path

from subsidies.vouchers.api import ProgrammeList, ProgrammeVouchers, VoucherList

urlpatterns = [
    path("vouchers/", VoucherList.as_view()),
    path("programmes/", ProgrammeList.as_view()),
    path("programmes/<str:code>/vouchers/", ProgrammeVouchers.as_view()),
]
