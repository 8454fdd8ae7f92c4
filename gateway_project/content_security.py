"""What the browser may load on our pages."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"


class ContentSecurityPolicy:
    """Middleware: nothing inline and nothing foreign; less strict where the admin needs it.

    A response that has a policy of its own keeps it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.strict = policy(strict=True)
        self.of_admin = policy(strict=False)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_admin = request.path_info.startswith("/admin/")
        response.headers.setdefault(HEADER, self.of_admin if is_admin else self.strict)
        return response


def policy(*, strict: bool) -> str:
    # unfold's templates have inline styles and scripts, and Alpine evaluates expressions.
    script = "'self'" if strict else "'self' 'unsafe-inline' 'unsafe-eval'"
    style = "'self'" if strict else "'self' 'unsafe-inline'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {script}",
            f"style-src {style}",
            "img-src 'self' data:",
            "font-src 'self'",
            "media-src blob:",  # sound that a script of ours has fetched
            "connect-src 'self'",
            f"form-action {' '.join(_form_targets())}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _form_targets() -> tuple[str, ...]:
    """Browsers hold redirects after a form to this, and a sign-in leads to the provider."""
    if not settings.OIDC_ISSUER:
        return ("'self'",)
    issuer = urlsplit(settings.OIDC_ISSUER)
    return ("'self'", "https:", f"{issuer.scheme}://{issuer.netloc}")
