"""How often a password or a code may be tried, such that no stranger keeps anybody out.

A browser that has signed in with a name before has tries of its own for it. All others are counted
for their address, and for a name together with their address. Where strangers fail with one name
again and again, from wherever, each address is left one try for it at a time: a person on a new
machine waits for nobody but themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TypeVar

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.client_address import address_of_request, network_of
from accounts.sign_in.browsers import browser_of
from accounts.sign_in.tries import Bucket, Limit, TooManyTriesError, Tries, take

Answer = TypeVar("Answer")

OF_ADDRESS = Limit(amount=30, seconds=60)
FAILED_OF_ADDRESS = Limit(amount=10, seconds=60)
FAILED = Limit(amount=5, seconds=300)
FAILED_UNDER_ATTACK = Limit(amount=1, seconds=300)
ATTACK = Limit(amount=50, seconds=3600)


def take_password_try(request: HttpRequest, name: str) -> Tries:
    """Count a try of a password for ``name``; give it back if it was the right one.

    Raises allauth's validation error, and has the response tell when to try again.
    """
    try:
        return _take_password_try(request, normalized(name))
    except TooManyTriesError as exc:
        raise _refusal(request, exc) from exc


def with_limit(user: AbstractBaseUser, check: Callable[[], Answer]) -> Answer:
    """``check`` of a code of the second factor of ``user``, which raises if it is wrong.

    Codes are short: all browsers that are not known share their tries, from wherever they are.
    """
    request: HttpRequest = context.request
    browser = browser_of(request)
    is_known = browser is not None and browser.knows(normalized(user.get_username()))
    source = ("browser", browser.id) if browser is not None and is_known else ("anywhere",)
    try:
        tries = take(Bucket(name=("code", str(user.pk), *source), limit=FAILED))
    except TooManyTriesError as exc:
        raise _refusal(request, exc) from exc
    answer = check()
    tries.give_back()
    return answer


def normalized(name: str) -> str:
    """One form of a name, however it is typed, for tries to be counted together."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _take_password_try(request: HttpRequest, name: str) -> Tries:
    user = request.user
    if user.is_authenticated:  # somebody who is signed in and confirms who they are
        return take(Bucket(name=("again", str(user.pk)), limit=FAILED))
    browser = browser_of(request)
    if browser is not None and browser.knows(name):
        return take(Bucket(name=("browser", browser.id, name), limit=FAILED))
    return _take_try_of_stranger(network_of(address_of_request(request.META)), name)


def _take_try_of_stranger(address: str, name: str) -> Tries:
    all_strangers = Bucket(name=("name", name), limit=ATTACK)
    is_attacked = all_strangers.is_full()
    Bucket(name=("address", address), limit=OF_ADDRESS).take()  # successful tries count, too
    tries = take(
        Bucket(name=("failed", address), limit=FAILED_OF_ADDRESS),
        Bucket(
            name=("failed", address, name), limit=FAILED_UNDER_ATTACK if is_attacked else FAILED
        ),
    )
    if is_attacked:
        return tries
    try:
        return Tries(counted=(*tries.counted, (all_strangers, all_strangers.take())))
    except TooManyTriesError:  # another worker has taken the last try meanwhile
        return tries


def _refusal(request: HttpRequest, error: TooManyTriesError) -> Exception:
    request.retry_after_seconds = error.seconds  # type: ignore[attr-defined]
    refusal: Exception = get_adapter().validation_error("too_many_login_attempts")
    return refusal
