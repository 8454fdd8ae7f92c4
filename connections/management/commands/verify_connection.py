from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, cast

from rich.console import Console

from accounts.management.command import GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from connections.calling.resolve import environment_key, resolve, tls_verification
from connections.choices import AuthType, Provider
from connections.models import Connection
from connections.upstream import Upstream
from connections.verify import Outcome, Verification
from connections.verify.keeping import verify_and_keep
from connections.verify.report import show

FAILED, WARNINGS = 1, 3  # exit codes; 2 is for usage, as argparse has it
LONGEST_TIMEOUT_SECONDS = 600
USERINFO = re.compile(r"//[^/?#]*@")


class Command(GatehouseCommand):
    help = "Try connections step by step and say what broke and what to change."
    examples = (
        "openai",
        "--all --json",
        "openai --model gpt-4o-mini --stream",
        "--url http://127.0.0.1:9000/v1",
    )
    exits = {
        0: "all work",
        1: "one does not",
        2: "nothing was tried: a wrong name or option",
        3: "all work, but something needs a look",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--all", action="store_true", help="every enabled connection")
        parser.add_argument("--url", metavar="U", help="a base URL that is not stored")
        parser.add_argument(
            "--key-env", metavar="VAR", help="with --url: the variable that holds the key"
        )
        parser.add_argument(
            "--provider", choices=Provider.values, help="with --url (default: compatible)"
        )
        parser.add_argument("--api-version", metavar="V", help="with --url, for Azure")
        parser.add_argument("--model", default="", metavar="M", help="try a chat of one token")
        parser.add_argument("--stream", action="store_true", help="with --model: stream one, too")
        parser.add_argument(
            "--timeout", type=_seconds, default=10.0, metavar="S", help="seconds (default: 10)"
        )
        add_json_argument(parser)

    def handle(
        self, *, model: str, stream: bool, timeout: float, json: bool, **options: Any
    ) -> None:
        if stream and not model:
            raise UsageError("--stream needs --model.")
        upstreams = _upstreams(**options)
        with self._progress(len(upstreams)):
            found = verify_and_keep(upstreams, model=model, stream=stream, timeout_seconds=timeout)
        results = list(zip(upstreams, found, strict=True))
        if json:
            self.write_json(_as_json(results))
        else:
            console = Console(file=cast("IO[str]", self.stdout))
            for upstream, verification in results:
                show(console, upstream.name or _shown(upstream.base_url), verification)
        outcomes = {verification.outcome for verification in found}
        if Outcome.FAILED in outcomes:
            sys.exit(FAILED)
        if Outcome.WARNINGS in outcomes:
            sys.exit(WARNINGS)

    def _progress(self, count: int) -> AbstractContextManager[Any]:
        if not self.stderr.isatty():
            return nullcontext()
        what = "1 connection" if count == 1 else f"{count} connections"
        return Console(stderr=True).status(f"Verifying {what} …")


def _upstreams(
    *,
    names: list[str],
    url: str | None,
    key_env: str | None,
    provider: str | None,
    api_version: str | None,
    **options: Any,
) -> list[Upstream]:
    """What is to be verified. Raises ``UsageError``."""
    is_all = options["all"]
    if (bool(names), is_all, url is not None).count(True) != 1:
        raise UsageError("Give names of connections, or --all, or --url.")
    if url is not None:
        return [_unstored(url, key_env, provider or Provider.COMPATIBLE, api_version or "")]
    if key_env or provider or api_version:
        raise UsageError("--key-env, --provider and --api-version go with --url.")
    connections = Connection.objects.by_priority().prefetch_related("keys")
    chosen = list(connections.enabled() if is_all else connections.filter(name__in=names))
    if missing := sorted(set(names) - {connection.name for connection in chosen}):
        raise UsageError(f"There is no connection named {', '.join(missing)}.")
    if not chosen:
        raise UsageError("There is no enabled connection.")
    return [resolve(connection) for connection in chosen]


def _unstored(url: str, key_env: str | None, provider: str, api_version: str) -> Upstream:
    return Upstream(
        id=0,
        name="",
        url_index=0,
        provider=provider,
        base_url=url,
        auth_type=AuthType.BEARER,
        keys=(environment_key(key_env),) if key_env else (),
        api_version=api_version,
        verify_tls=tls_verification("true"),
    )


def _as_json(results: list[tuple[Upstream, Verification]]) -> dict[str, Any]:
    return {
        "results": [
            {
                "name": upstream.name or None,
                "base_url": _shown(upstream.base_url),
                **verification.as_json(),
            }
            for upstream, verification in results
        ],
    }


def _shown(url: str) -> str:
    """``url`` without a password that was put into it."""
    return USERINFO.sub("//•••@", url)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as exc:
        raise ArgumentTypeError("a number of seconds is needed") from exc
    if not 0 < seconds <= LONGEST_TIMEOUT_SECONDS:
        raise ArgumentTypeError(f"give up to {LONGEST_TIMEOUT_SECONDS} seconds")
    return seconds
