"""Where alerts go: a mail server, and a webhook of the operator's."""

from __future__ import annotations

from typing import Any

from environ import Env

from gateway_project.settings import environment
from limits.alerts.signature import secret_problem

MAIL_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "smtps")


def mail_options(url: str) -> dict[str, Any]:
    """Django's settings for the mail server of ``url``."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    options: dict[str, Any] = Env.email_url_config(url)
    if options["EMAIL_PORT"] is None:
        del options["EMAIL_PORT"]
    return {name: value for name, value in options.items() if name != "EMAIL_FILE_PATH"}


def address_problem(address: str) -> str:
    """The mistake in a mail address."""
    name, at, host = address.rpartition("@")
    return "" if at and name and host and " " not in address else "is no mail address"


EMAIL_URL = environment.url("EMAIL_URL", *MAIL_SCHEMES)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("GATEWAY_MAIL_FROM", "gatehouse@localhost")
GATEWAY_ALERT_EMAILS = environment.items("GATEWAY_ALERT_EMAILS", form=address_problem)
GATEWAY_WEBHOOK_URL = environment.url("GATEWAY_WEBHOOK_URL", "https", "http")
GATEWAY_WEBHOOK_SECRET = environment.text("GATEWAY_WEBHOOK_SECRET", form=secret_problem)
globals().update(mail_options(EMAIL_URL))
