"""Mails to people: one look in HTML, the same words in plain text, and one link at most.

A mail asks nothing of any server when it is read: no image, no font, no tracking. Names that people
chose are escaped in HTML and cannot add a header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

NAME = "Gatehouse"
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """``lines`` stand before the button, ``notes`` behind it. ``reason`` says why the mail came.

    ``url`` is the absolute address of the button with the words ``action``; empty for a letter
    without one. It may open something, and is left out of the representation.
    """

    subject: str
    lines: tuple[str, ...]
    reason: str
    action: str = ""
    url: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()

    def send(self, to: Sequence[str]) -> None:
        """Raises ``SMTPException``, ``OSError``, and ``ValueError`` for what is no address."""
        mail = EmailMultiAlternatives(one_line(self.subject), self.text(), to=list(to))
        mail.attach_alternative(self.html(), "text/html")
        mail.send()

    def text(self) -> str:
        link = (f"{self.action}:\n{self.url}",) if self.url else ()
        body = "\n\n".join((*self.lines, *link, *self.notes))
        return f"{body}\n\n-- \n{gateway_name()}. {self.reason}\n"

    def html(self) -> str:
        context = {"letter": self, "name": NAME, "host": _host()}
        return render_to_string("mail/letter.html", context)


def one_line(text: str) -> str:
    """``text`` as a subject: a line break would begin another header."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def gateway_name() -> str:
    """The name of the gateway, with its host where that is known."""
    host = _host()
    return f"{NAME} at {host}" if host else NAME


def _host() -> str:
    return urlsplit(settings.GATEWAY_PUBLIC_URL).netloc
