"""Subjects and shares as files and commands write them: ``group:interns``, ``user:alice``.

An API key is named by its id, which a rotation keeps. A key of a connection is named
``CONNECTION/KEY`` by what may be shown of it (``openai/env:OPENAI_API_KEY``, ``openai/…wxyz``), or
by its id where that is not unique.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group

from accounts.models import ApiKey, User
from connections.models import Connection, ConnectionKey
from limits.choices import SubjectKind
from limits.models import Limit
from limits.models.limits import SUBJECT_FIELDS


class UnknownSubjectError(Exception):
    """The message is a clause such as "there is no group named interns", and safe to show."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``name`` is empty for everyone."""

    kind: SubjectKind
    name: str = ""

    @classmethod
    def of(cls, limit: Limit) -> Subject:
        kind = SubjectKind(limit.subject_kind)
        row = getattr(limit, kind.value, None)
        return cls(kind, "" if row is None else name_of(row))

    @classmethod
    def parse(cls, text: str) -> Subject:
        """``everyone``, or ``group:interns`` and the like. Raises ``ValueError``."""
        kind, separator, name = text.partition(":")
        if kind not in set(SubjectKind) or (kind == SubjectKind.EVERYONE) == bool(separator):
            kinds = ", ".join(f"{kind}:NAME" for kind in SUBJECT_FIELDS)
            raise ValueError(f"must be everyone, or one of {kinds}")
        return cls(SubjectKind(kind), name)

    def columns(self) -> dict[str, Any]:
        """The columns of a limit that is for this. Raises :class:`UnknownSubjectError`."""
        columns: dict[str, Any] = dict.fromkeys(SUBJECT_FIELDS) | {"subject_kind": self.kind.value}
        if self.kind is not SubjectKind.EVERYONE:
            columns[self.kind.value] = self._row()
        return columns

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value

    def _row(self) -> Any:
        match self.kind:
            case SubjectKind.GROUP:
                row: Any = Group.objects.filter(name=self.name).first()
            case SubjectKind.USER:
                row = User.objects.filter(username=self.name).first()
            case SubjectKind.KEY:
                row = _by_id(ApiKey.objects.select_related("user"), self.name)
            case SubjectKind.CONNECTION:
                row = Connection.objects.filter(name=self.name).first()
            case _:
                return _connection_key(self.name)
        if row is None:
            is_key = self.kind is SubjectKind.KEY
            noun, way = ("API key", "with the id") if is_key else (self.kind.value, "named")
            raise UnknownSubjectError(f"there is no {noun} {way} {self.name}")
        return row


def name_of(row: Any) -> str:
    """How files and commands name ``row``, which a limit may be for."""
    match row:
        case User():
            return row.username
        case ApiKey():
            return str(row.pk)
        case ConnectionKey():
            return _name_of_connection_key(row)
        case _:
            return str(row.name)


def share_of(text: str) -> str:
    """The share that ``user:alice`` or ``key:ID`` names; empty for an empty text.

    Raises ``ValueError`` for another form and :class:`UnknownSubjectError` for an unknown name.
    """
    if not text:
        return ""
    kind, _, name = text.partition(":")
    if kind not in {SubjectKind.USER, SubjectKind.KEY} or not name:
        raise ValueError("must be user:NAME or key:ID")
    row = Subject(SubjectKind(kind), name).columns()[kind]
    return share_of_key(row.pk) if isinstance(row, ApiKey) else share_of_user(row.pk)


def share_of_user(user_id: int) -> str:
    return f"u{user_id}"


def share_of_key(key_id: UUID) -> str:
    return f"k{key_id.hex}"


def names_of(shares: Iterable[str]) -> dict[str, str]:
    """``user:alice`` or ``key:ID`` for each share, with one query; empty for a pool.

    A user who is gone is named by the id.
    """
    known = set(shares)
    user_ids = {int(share[1:]) for share in known if share.startswith("u")}
    users = dict(User.objects.filter(pk__in=user_ids).values_list("pk", "username"))
    return {share: _name_of_share(share, users) for share in known}


def _name_of_share(share: str, users: dict[int, str]) -> str:
    if share.startswith("u"):
        return f"user:{users.get(int(share[1:]), share[1:])}"
    return f"key:{UUID(share[1:])}" if share else ""


def _by_id(rows: Any, text: str) -> Any:
    try:
        return rows.filter(pk=UUID(text)).first()
    except ValueError:
        return None


def _connection_key(name: str) -> ConnectionKey:
    connection, _, key = name.partition("/")
    rows = ConnectionKey.objects.select_related("connection").filter(connection__name=connection)
    by_id = _by_id(rows, key)
    found = [by_id] if by_id else [row for row in rows if row.masked == key]
    if len(found) == 1:
        return found[0]
    many = "several keys, so give an id:" if found else "no key"
    raise UnknownSubjectError(f"there is {many} {name}; write CONNECTION/KEY as the admin shows it")


def _name_of_connection_key(row: ConnectionKey) -> str:
    others = ConnectionKey.objects.filter(connection=row.connection_id).exclude(pk=row.pk)
    is_unique = row.masked not in {other.masked for other in others}
    return f"{row.connection.name}/{row.masked if is_unique else row.pk}"
