"""What the portal keeps: policies of keys, requests for access, managers of groups."""

from portal.models.access_requests import AccessRequest, AccessRequestQuerySet, RequestState
from portal.models.groups import GroupInvitation, GroupManager
from portal.models.key_policies import KeyPolicy
from portal.models.made_keys import MadeKey

__all__ = [
    "AccessRequest",
    "AccessRequestQuerySet",
    "GroupInvitation",
    "GroupManager",
    "KeyPolicy",
    "MadeKey",
    "RequestState",
]
