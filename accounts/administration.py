"""The permissions of Django's that each administrative endpoint requires, all of them.

The keys of ``NEEDS`` are paths as the URL confs have them. Over the API a key needs the scope
``admin`` besides; pages of the admin are for staff who are signed in. A permission is that of the
admin's page for the same thing. SECURITY.md shows this table. Tests hold that it does, that each
endpoint is in it, and that each asks for what it says, also where the code of a page is in a room
that cannot look here.
"""

from __future__ import annotations

from accounts.caller import SUPERUSER

CONFIG = "/openai/config"
CONFIG_UPDATE = "/openai/config/update"
VERIFY = "/openai/verify"
CONNECTION_MODELS = "/openai/models/{url_index}"
PASSTHROUGH = "/openai/passthrough/{connection}/{path}"
USAGE_OF_OTHERS = "/v1/usage?user="
METRICS = "/metrics"
LIVE = "/admin/live/"
WATCH_LIVE = "ws /admin/live/socket"
END_REQUEST = "ws /admin/live/socket, to end a request"
SPEECH_CACHE = "/admin/speech-cache/"
MODEL = "/admin/model/"
ACCESS_OF_PERSON = "/admin/models_registry/modelgrant/access/person/"

EDITS = ("add", "change", "delete")

NEEDS: dict[str, tuple[str, ...]] = {
    CONFIG: ("connections.view_connection",),
    # An update may add, change and delete connections and keys, and switch the API on or off.
    CONFIG_UPDATE: (
        *(f"connections.{edit}_connection" for edit in EDITS),
        *(f"connections.{edit}_connectionkey" for edit in EDITS),
        "connections.change_gatewaysettings",
    ),
    VERIFY: ("connections.change_connection",),
    CONNECTION_MODELS: ("connections.view_connection",),
    PASSTHROUGH: (SUPERUSER,),
    USAGE_OF_OTHERS: ("usage.view_usagerow",),
    METRICS: ("usage.view_usagerow",),
    LIVE: ("proxy.view_live",),
    WATCH_LIVE: ("proxy.view_live",),
    END_REQUEST: ("proxy.view_live", "proxy.end_request"),
    SPEECH_CACHE: (SUPERUSER,),
    "/admin/usage-charts/": ("usage.view_usagerow",),
    "/admin/requests/": ("usage.view_usagerow",),
    "/admin/requests/{text}": ("usage.view_usagerow",),
    "/admin/models_registry/registeredmodel/all/": ("models_registry.view_registeredmodel",),
    MODEL: ("models_registry.view_registeredmodel",),
    # To save a change there, the permission to add or to delete grants is needed besides.
    "/admin/models_registry/modelgrant/access/": (
        "models_registry.view_modelgrant",
        "models_registry.view_registeredmodel",
        "auth.view_group",
    ),
    ACCESS_OF_PERSON: (
        "models_registry.view_modelgrant",
        "models_registry.view_registeredmodel",
        "accounts.view_user",
        "auth.view_group",
    ),
    "/admin/models_registry/modelgrant/covers/": ("models_registry.view_modelgrant",),
    "/admin/connections/connection/{object_id}/verify/": ("connections.change_connection",),
    "/admin/connections/connection/{connection_id}/try-now/": ("connections.change_connection",),
    "/admin/resilience/route/{object_id}/test/": (
        "connections.change_connection",
        "resilience.change_route",
    ),
    "/admin/connections/connection/{connection_id}/apply/": ("connections.change_connection",),
    "/admin/connections/connection/{connection_id}/try-chat/": ("connections.change_connection",),
    "/admin/connections/connection/{connection_id}/verify-now/": ("connections.change_connection",),
    "/admin/connections/connection/{connection_id}/disable/": ("connections.change_connection",),
    "/admin/connections/connection/{connection_id}/models/": ("connections.view_connection",),
    "/admin/connections/connection/{connection_id}/traffic/": ("connections.view_connection",),
    "/admin/accounts/apikey/{object_id}/rotate/": ("accounts.change_apikey",),
    "/admin/accounts/apikey/{object_id}/revoke/": ("accounts.change_apikey",),
    "/admin/limits/limit/{object_id}/raise/": ("limits.change_limit",),
    "/admin/portal/accessrequest/{object_id}/approve/": (
        "portal.change_accessrequest",
        "models_registry.add_modelgrant",
    ),
    "/admin/portal/accessrequest/{object_id}/decline/": (
        "portal.change_accessrequest",
        "models_registry.add_modelgrant",
    ),
    "/admin/accounts/apikey/people/": ("accounts.add_apikey",),
    "/admin/try-key/": ("accounts.view_apikey",),
    "/admin/accounts/user/invite/": ("accounts.add_user", "accounts.change_user"),
    "/admin/accounts/user/invited/": ("accounts.add_user", "accounts.change_user"),
    # A group gives rights.
    "/admin/auth/group/{group_id}/members/": (SUPERUSER,),
    # The browser that made the key sees it there once, without a permission.
    "/admin/accounts/apikey/{row_id}/new-key/": ("accounts.view_apikey",),
    # Django asks for both: its admin adds a user in two steps, the second being a change.
    "/admin/accounts/user/add/": ("accounts.add_user", "accounts.change_user"),
    "/admin/accounts/user/{id}/password/": ("accounts.change_user",),
}

# The pages that each kind of row has in the admin, and what they ask for.
PAGES_OF_ROWS: dict[str, str] = {
    "/admin/{app}/{model}/": "{app}.view_{model}",
    "/admin/{app}/{model}/add/": "{app}.add_{model}",
    "/admin/{app}/{model}/{object_id}/history/": "{app}.view_{model}",
    "/admin/{app}/{model}/{object_id}/change/": "{app}.change_{model}",
    "/admin/{app}/{model}/{object_id}/delete/": "{app}.delete_{model}",
}
