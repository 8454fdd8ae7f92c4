"""The pages of the portal. ``/models``, ``/usage`` and ``/limits`` belong to the API."""

from django.urls import path

from portal.views.api_page import api_page
from portal.views.appearance import choose_theme
from portal.views.groups import (
    answer_invitation,
    group,
    group_list,
    remove_member,
    withdraw_invitation,
)
from portal.views.keys import key_list, new_key, revoke, rotate, shown_key
from portal.views.models import access, model, model_list, withdraw_access
from portal.views.start import start
from portal.views.usage import limits, one_request, request_list, usage, usage_csv

app_name = "portal"

urlpatterns = [
    path("", start, name="start"),
    path("v1", api_page, name="api"),
    path("v1/", api_page),
    path("portal/theme/", choose_theme, name="theme"),
    path("portal/keys/", key_list, name="keys"),
    path("portal/keys/new/", new_key, name="new_key"),
    path("portal/keys/<uuid:key_id>/", shown_key, name="shown_key"),
    path("portal/keys/<uuid:key_id>/rotate/", rotate, name="rotate_key"),
    path("portal/keys/<uuid:key_id>/revoke/", revoke, name="revoke_key"),
    path("portal/models/", model_list, name="models"),
    path("portal/models/<path:model_id>", model, name="model"),
    path("portal/access/", access, name="access"),
    path("portal/access/<int:access_id>/withdraw/", withdraw_access, name="withdraw_access"),
    path("portal/usage/", usage, name="usage"),
    path("portal/usage.csv", usage_csv, name="usage_csv"),
    path("portal/requests/", request_list, name="requests"),
    path("portal/requests/<str:request_id>", one_request, name="request"),
    path("portal/limits/", limits, name="limits"),
    path("portal/groups/", group_list, name="groups"),
    path("portal/groups/<int:group_id>/", group, name="group"),
    path(
        "portal/groups/<int:group_id>/members/<int:user_id>/remove/",
        remove_member,
        name="remove_member",
    ),
    path(
        "portal/groups/<int:group_id>/invitations/<int:invitation_id>/withdraw/",
        withdraw_invitation,
        name="withdraw_invitation",
    ),
    path(
        "portal/invitations/<int:invitation_id>/answer/",
        answer_invitation,
        name="answer_invitation",
    ),
]
