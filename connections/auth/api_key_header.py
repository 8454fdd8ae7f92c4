from connections.auth.bearer import BearerAuth


class ApiKeyHeaderAuth(BearerAuth):
    """Azure takes a plain key in a header of its own."""

    header = "api-key"
    value = "{secret}"


class XApiKeyHeaderAuth(ApiKeyHeaderAuth):
    """Anthropic's header for the same."""

    header = "x-api-key"
