"""The admin's pages of the portal: policies, requests for access, managers of groups."""

from portal.admin import access_requests, group_managers, key_policies

__all__ = ["access_requests", "group_managers", "key_policies"]
