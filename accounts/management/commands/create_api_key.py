from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from accounts.caller import Scope
from accounts.encryption import EncryptionError
from accounts.management.command import GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from accounts.management.group_argument import add_group_argument, groups_named
from accounts.models import ApiKey, User
from accounts.rights import may_administer_anything

LONGEST_LIFETIME_DAYS = 36_500


class Command(GatehouseCommand):
    help = "Make an API key for a user and print it, this once."
    examples = (
        "alice --create-user --group researchers",
        "alice --name laptop --model 'openai/*' --expires 90",
        "admin --scope inference --scope admin",
        "open-webui --create-user --may-speak-for-users --unknown-users-group team",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USER")
        parser.add_argument(
            "--create-user", action="store_true", help="make the user if there is none"
        )
        parser.add_argument("--staff", action="store_true", help="make the user staff")
        parser.add_argument(
            "--superuser",
            action="store_true",
            help="make the user a superuser: staff with every permission",
        )
        add_group_argument(parser)
        parser.add_argument("--name", default="", metavar="N", help="what the key is used for")
        parser.add_argument("--expires", type=_days, metavar="DAYS", help="default: never")
        parser.add_argument(
            "--scope",
            action="append",
            choices=[str(scope) for scope in Scope],
            default=[],
            help="may be repeated; default: inference. admin is for staff, and counts as far as "
            "their permissions reach",
        )
        parser.add_argument(
            "--model",
            action="append",
            default=[],
            metavar="PATTERN",
            help="narrow the key to models such as 'openai/*'; may be repeated",
        )
        parser.add_argument(
            "--resumable",
            action="store_true",
            help="streams of chats go on when their client's connection breaks",
        )
        _add_speaking_arguments(parser)
        add_json_argument(parser)

    def handle(
        self,
        *,
        username: str,
        create_user: bool,
        staff: bool,
        superuser: bool,
        group: list[str],
        name: str,
        expires: timedelta | None,
        scope: list[str],
        model: list[str],
        resumable: bool,
        json: bool,
        **options: Any,
    ) -> None:
        if len(name) > 100:
            raise UsageError("--name may have 100 characters at most.")
        done: list[str] = []  # reported once the key is saved
        try:
            with transaction.atomic():
                user = _user(username, create=create_user, done=done)
                _promote(user, staff=staff, superuser=superuser, done=done)
                user.groups.add(*groups_named(group))
                row, key = ApiKey.objects.issue(
                    user,
                    name=name,
                    lifetime=expires,
                    scopes=scope,
                    model_patterns=model,
                    is_resumable=resumable,
                    **_speaking(options),
                )
        except ValidationError as exc:
            raise UsageError(" ".join(exc.messages)) from exc
        except EncryptionError as exc:
            raise CommandError(f"Keys cannot be made: {exc}.") from exc
        self._report(row, key, done, as_json=json)

    def _report(self, row: ApiKey, key: str, done: list[str], *, as_json: bool) -> None:
        if Scope.ADMIN in row.scopes and not may_administer_anything(row.user):
            done.append(f"{row.user} has no permission yet, so the scope admin opens nothing.")
        self.stderr.write("".join(f"{line}\n" for line in done), ending="")
        if as_json:
            self.write_json({"key": key, "id": str(row.pk), "user": row.user.username})
            return
        until = f"works until {row.expires_at:%Y-%m-%d %H:%M} UTC" if row.expires_at else "is valid"
        self.stderr.write(f"The key of {row.user} {until}. It is shown this once:")
        self.stdout.write(key)


def _add_speaking_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--may-speak-for-users",
        action="store_true",
        help="for Open WebUI: each request counts as the user whose mail address it names",
    )
    parser.add_argument(
        "--unknown-users-group",
        metavar="G",
        help="make users whom such a key names and who are unknown, in this group; "
        "default: refuse them",
    )


def _user(username: str, *, create: bool, done: list[str]) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        if not create:
            raise UsageError(f"There is no user named {username!r}. --create-user makes one.")
        user = _new_user(username)
        done.append(f"Made the user {username}.")
    if not user.is_active:
        raise CommandError(f"The user {username} is not active: the key would not work.")
    return user


def _promote(user: User, *, staff: bool, superuser: bool, done: list[str]) -> None:
    if superuser and not (user.is_superuser and user.is_staff):
        user.is_superuser = user.is_staff = True
        done.append(f"{user.username} is a superuser now.")
    elif staff and not user.is_staff:
        user.is_staff = True
        done.append(f"{user.username} is staff now.")
    else:
        return
    user.save(update_fields=["is_staff", "is_superuser"])


def _new_user(username: str) -> User:
    user = User(username=username)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as exc:
        raise UsageError(f"{username!r} cannot name a user. {' '.join(exc.messages)}") from exc
    user.save()
    return user


def _speaking(options: dict[str, Any]) -> dict[str, Any]:
    name = options["unknown_users_group"]
    return {
        "may_speak_for_users": options["may_speak_for_users"],
        "unknown_users_group": groups_named([name])[0] if name is not None else None,
    }


def _days(text: str) -> timedelta:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LONGEST_LIFETIME_DAYS:
        raise ArgumentTypeError(f"a number of days from 1 to {LONGEST_LIFETIME_DAYS} is needed")
    return timedelta(days=int(text))
