from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction

from accounts.encryption import EncryptionError
from accounts.invitations import InvitationError, invite, link, mail
from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from accounts.management.durations import duration
from accounts.management.errors import UsageError
from accounts.management.group_argument import add_group_argument, groups_named
from accounts.models import LIFETIME

LOCAL_URL = "http://127.0.0.1:8000"


class Command(GatehouseCommand):
    help = (
        "Invite a person by mail address and print the link, this once. It opens once, to choose a "
        "password or to sign in with the provider; an unknown address makes a user."
    )
    examples = (
        "ada@example.com --group researchers",
        "ada@example.com --lifetime 2d --json",
    )
    exits = {
        0: DONE,
        1: "it did not work",
        2: "no address, an unknown group, or a user who can sign in already",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="MAIL")
        add_group_argument(parser)
        parser.add_argument(
            "--lifetime",
            type=duration,
            default=LIFETIME,
            metavar="7d",
            help="how long the link can be opened",
        )
        parser.add_argument(
            "--url",
            default=settings.GATEWAY_PUBLIC_URL or LOCAL_URL,
            metavar="URL",
            help="how browsers reach the gateway; default: GATEWAY_PUBLIC_URL, or this machine",
        )
        add_json_argument(parser)

    def handle(self, **options: Any) -> None:
        if not options["lifetime"]:
            raise UsageError("--lifetime must be more than 0.")
        try:
            with transaction.atomic():
                groups = groups_named(options["group"])
                row, token = invite(options["email"], groups=groups, lifetime=options["lifetime"])
        except InvitationError as exc:
            raise UsageError(str(exc)) from exc
        except EncryptionError as exc:
            raise CommandError(f"Links cannot be made: {exc}.") from exc
        url = link(token, options["url"].rstrip("/"))
        is_mailed = mail(row, url)
        if options["json"]:
            self.write_json({"url": url, "user": row.user.username, "is_mailed": is_mailed})
            return
        mailed = "It was mailed. " if is_mailed else ""
        until = f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
        self.stderr.write(
            f"{row.user.username} is invited until {until}. {mailed}The link is shown this once:"
        )
        self.stdout.write(url)
