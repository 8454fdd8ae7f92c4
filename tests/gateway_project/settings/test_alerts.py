from __future__ import annotations

import pytest

from gateway_project.settings.alerts import address_problem, mail_options


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp+tls://ada:p%40w@mail.example:587",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example",
                "EMAIL_PORT": 587,
                "EMAIL_HOST_USER": "ada",
                "EMAIL_HOST_PASSWORD": "p@w",
                "EMAIL_USE_TLS": True,
            },
        ),
        ("", {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}),
    ],
)
def test_a_mail_server_is_named_by_a_url(url: str, expected: dict[str, object]) -> None:
    assert mail_options(url) == expected


def test_a_port_that_is_not_named_is_djangos_own() -> None:
    assert "EMAIL_PORT" not in mail_options("smtp://mail.example")


@pytest.mark.parametrize("address", ["ops", "@example.com", "ops@", "ops @example.com"])
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    assert address_problem(address)
    assert address_problem("ops@example.com") == ""
