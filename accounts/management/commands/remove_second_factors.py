from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator

from accounts.management.command import DONE, GatehouseCommand
from accounts.management.errors import UsageError
from accounts.models import User


class Command(GatehouseCommand):
    help = "Let a user who has lost their second factors sign in without one."
    examples = ("alice",)
    exits = {0: f"{DONE}, or the user had none", 2: "the user does not exist"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise UsageError(f"There is no user named {username!r}.")
        removed, _ = Authenticator.objects.filter(user=user).delete()
        self.stdout.write(f"Removed {removed} of {user}." if removed else f"{user} has none.")
