"""A mail says the same in plain text and in HTML, and asks nothing of any server."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core import mail

from infrastructure.letters import LONGEST_SUBJECT, Letter, one_line

URL = "https://gw.example/accounts/invitation/secret-1/"
HOSTILE = "<img src=https://evil.example/x>\r\nBcc: eve@evil.example"


def letter(**fields: Any) -> Letter:
    told: dict[str, Any] = {
        "subject": "An invitation",
        "lines": ("You are invited.",),
        "action": "Sign in",
        "url": URL,
        "notes": ("It opens once.",),
        "reason": "You get this mail because ada invited you.",
    }
    return Letter(**told | fields)


def sent(one: Letter) -> Any:
    one.send(["ada@example.com"])
    return mail.outbox[-1]


class Parts(HTMLParser):
    """The tags of a page, its texts, and the addresses that it names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.addresses: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "background", "srcset", "action"}:
                self.addresses.append((tag, value or ""))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_both_alternatives_say_all_of_it(settings: Any) -> None:
    settings.GATEWAY_PUBLIC_URL = "https://gw.example"
    message = sent(letter())
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    shown = " ".join(Parts(html).texts)
    for words in ("You are invited.", "It opens once.", "because ada invited you.", URL):
        assert words in message.body
        assert words in shown
    assert "Gatehouse at gw.example" in message.body
    assert "gw.example" in shown
    assert "<" not in message.body


def test_it_has_one_button_and_the_bare_address_and_nothing_that_is_fetched() -> None:
    parts = Parts(letter().html())
    assert parts.addresses == [("a", URL), ("a", URL)]
    assert {"img", "script", "link", "iframe", "form"}.isdisjoint(parts.tags)
    assert not re.search(r"url\(|@import|@font-face", letter().html())


def test_without_a_link_there_is_no_button() -> None:
    one = letter(url="")
    assert Parts(one.html()).addresses == []
    assert "Sign in" not in one.text()


@pytest.mark.parametrize("place", ["subject", "lines", "reason", "notes"])
def test_names_that_people_chose_stay_texts(place: str) -> None:
    one = letter(**{place: HOSTILE if place in {"subject", "reason"} else (HOSTILE,)})
    message = sent(one)
    parts = Parts(message.alternatives[0][0])
    assert "img" not in parts.tags
    assert parts.addresses == [("a", URL), ("a", URL)]
    assert any("<img src=https://evil.example/x>" in text for text in parts.texts)
    raw = message.message()
    assert raw["Bcc"] is None
    assert "\n" not in message.subject
    assert message.recipients() == ["ada@example.com"]


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\u2028b\x00c\td", "a b c d"),
        ("x" * 400, "x" * (LONGEST_SUBJECT - 1) + "…"),
    ],
)
def test_a_subject_is_one_line_that_is_not_too_long(subject: str, line: str) -> None:
    assert one_line(subject) == line


def test_the_link_is_not_in_the_representation() -> None:
    assert "secret-1" not in repr(letter())
