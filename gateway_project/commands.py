"""The commands of Gatehouse in groups, as ``manage.py`` shows them.

They stand here with a line each, so that they can be shown without importing them.
"""

from __future__ import annotations

Lines = dict[str, str]

GROUPS: dict[str, Lines] = {
    "Run": {
        "serve": "Serve the gateway: API, admin and health endpoints.",
        "bootstrap": "Make what a first start needs: an admin, connections.",
        "healthcheck": "Ask the gateway of this machine whether it is ready.",
        "doctor": "Look over the installation and say what to mend.",
        "demo_upstream": "Serve a small upstream to try Gatehouse with.",
    },
    "Connections and models": {
        "verify_connection": "Try connections step by step and say what broke.",
        "sync_models": "Ask every enabled connection for its models now.",
        "list_models": "Show the models that a user may use.",
        "route": "Show or try the targets of a model, in their order.",
    },
    "Access": {
        "invite_user": "Invite a person with a link that opens once.",
        "create_api_key": "Make an API key for a user and print it, this once.",
        "list_api_keys": "Show which API keys there are, never the keys.",
        "rotate_api_key": "Renew a key; the one before works for a while.",
        "revoke_api_key": "Refuse a key from now on, for good.",
        "grant": "Let a group, a user or everyone use models.",
        "revoke": "Take back what grant gave, by the same pattern.",
        "limits": "Show limits and what is used, set and raise them.",
        "explain_access": "Say why a user may use a model, or why not.",
        "remove_second_factors": "Let a user who has lost their second factors sign in.",
    },
    "Usage": {
        "usage": "Report usage and cost.",
        "requests": "List recorded requests, follow them, or show one.",
        "usage_journal": "Look after the usage journal of this machine.",
        "prune_usage": "Turn old usage records into totals by day.",
        "speech_cache": "Show or clear the cache of speech.",
    },
    "Configuration": {
        "import_config": "Apply a configuration file, all or nothing.",
        "export_config": "Write the file that import_config reads.",
        "prune_history": "Delete old entries of the history of changes.",
        "rotate_encryption": "Encrypt every stored secret again with the first key.",
    },
    "Of Django, often needed": {
        "check": "Report wrong settings.",
        "migrate": "Bring the database up to date.",
        "createsuperuser": "Make an administrator.",
        "changepassword": "Set the password of a user.",
    },
}


def overview(program: str) -> str:
    """The text for ``program``, such as ``manage.py``."""
    width = max(len(name) for lines in GROUPS.values() for name in lines)
    text = [f"Usage: {program} COMMAND [options]", f"       {program} COMMAND --help"]
    for title, lines in GROUPS.items():
        text += ["", title]
        text += [f"  {name:<{width}}  {line}" for name, line in lines.items()]
    return "\n".join([*text, "", f"{program} help --commands lists every command of Django, too."])
