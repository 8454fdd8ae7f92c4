"""The closed sets a connection chooses from. The database constrains to the same values."""

from django.db import models


class Provider(models.TextChoices):
    OPENAI = "openai", "OpenAI"
    AZURE = "azure", "Azure OpenAI"
    OPENROUTER = "openrouter", "OpenRouter"
    OLLAMA = "ollama", "Ollama"
    ANTHROPIC = "anthropic", "Anthropic"
    PIPELINES = "pipelines", "Pipelines"
    COMPATIBLE = "compatible", "OpenAI-compatible"


class ApiType(models.TextChoices):
    """The language of an upstream's chats, where it is not that of OpenAI's chat completions."""

    NATIVE = "native", "Ollama's own API"
    RESPONSES = "responses", "Responses API"


# The languages each provider speaks besides OpenAI's chat completions.
API_TYPES: dict[str, frozenset[str]] = {
    Provider.OPENAI: frozenset({ApiType.RESPONSES}),
    Provider.AZURE: frozenset({ApiType.RESPONSES}),
    Provider.OLLAMA: frozenset({ApiType.NATIVE}),
    Provider.COMPATIBLE: frozenset({ApiType.RESPONSES}),
}


class AuthType(models.TextChoices):
    BEARER = "bearer", "API key"
    NONE = "none", "None"
    SESSION = "session", "The caller's credential"
    SYSTEM_OAUTH = "system_oauth", "The caller's OAuth token"
    AZURE_AD = "azure_ad", "Microsoft Entra ID (azure_ad)"
    MICROSOFT_ENTRA_ID = "microsoft_entra_id", "Microsoft Entra ID"


# Those that let the upstream act as the caller.
CALLERS_OWN = frozenset({AuthType.SESSION, AuthType.SYSTEM_OAUTH})
# Those that send a token of the gateway's own identity.
GATEWAYS_IDENTITY = frozenset({AuthType.AZURE_AD, AuthType.MICROSOFT_ENTRA_ID})


class ConnectionType(models.TextChoices):
    EXTERNAL = "external", "External"
    INTERNAL = "internal", "Internal"


class Outcome(models.TextChoices):
    """What a verification came to."""

    OK = "ok", "Works"
    WARNINGS = "warnings", "Works, with warnings"
    FAILED = "failed", "Failed"


class Cause(models.TextChoices):
    """Why an upstream gave no list of models, in the words of a page."""

    KEY_REFUSED = "key_refused", "key refused"
    NO_CREDENTIAL = "no_credential", "no key"
    WRONG_URL = "wrong_url", "wrong URL"
    HOST_UNKNOWN = "host_unknown", "host unknown"
    PORT_REFUSED = "port_refused", "port refused"
    UNREACHABLE = "unreachable", "unreachable"
    TLS_FAILED = "tls_failed", "TLS failed"
    RATE_LIMITED = "rate_limited", "rate limited"
    NO_LIST = "no_list", "no list of models"
    FAILING = "failing", "failing"


# What a failed request tells only roughly, and a verification more closely.
CLOSER_CAUSES: dict[str, frozenset[str]] = {
    Cause.UNREACHABLE: frozenset({Cause.HOST_UNKNOWN, Cause.PORT_REFUSED, Cause.TLS_FAILED}),
    Cause.NO_LIST: frozenset({Cause.WRONG_URL}),
    Cause.FAILING: frozenset({Cause.WRONG_URL, Cause.TLS_FAILED}),
}
