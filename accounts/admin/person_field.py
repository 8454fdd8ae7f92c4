"""A field for a person: a user name or a mail address, completed from the users there are.

Without a script the form comes back with the users that fit, each a button to choose; with one they
are shown while one types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from accounts.admin.autocomplete import described
from accounts.claimed_users import folded
from accounts.models import User
from accounts.rights import may_invite, within_rights_of

MOST = 8
SHORTEST = 2
CHOSEN = "user"  # the name of the buttons
BEYOND = (
    "Only a superuser makes keys for other members of staff, and for users with permissions that "
    "you lack."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    id: int
    text: str
    is_chosen: bool = False


def candidates(text: str, viewer: Any) -> list[Candidate]:
    """The first users whose name or address begins with ``text``, or who have it in their name.

    Only those for whom ``viewer`` may act. One query.
    """
    term = text.strip()
    if len(term) < SHORTEST or "\0" in term:
        return []
    begins = Q(username__istartswith=term) | Q(email__istartswith=term)
    begins |= Q(first_name__istartswith=term) | Q(last_name__istartswith=term)
    users = within_rights_of(viewer).filter(begins, is_active=True).order_by(Lower("username"))
    return [Candidate(id=user.pk, text=described(user)) for user in users[:MOST]]


@require_GET
def matching_people(request: HttpRequest) -> HttpResponse:
    """The users that fit ``?person=``, as a piece of a page. Wrap in ``admin_view``."""
    if not request.user.has_perm("accounts.add_apikey"):
        raise PermissionDenied
    text = request.GET.get("person", "")
    context = {
        "candidates": candidates(text, request.user),
        "is_unknown_address": bool(text) and is_address(text) and not _with_text(text).exists(),
        "may_invite": may_invite(request.user),
    }
    return render(request, "admin/accounts/apikey/people.html", context)


def is_id(text: str) -> bool:
    """Whether ``text`` can be the id of a user: Python's digits are more than ASCII's."""
    return text.isascii() and text.isdigit() and len(text) < 19


def is_address(text: str) -> bool:
    try:
        validate_email(text.strip())
    except ValidationError:
        return False
    return True


def person_of(text: str, chosen: str, viewer: Any) -> User | str:
    """The user who is meant, or the mail address of an unknown person, who is to be invited.

    ``chosen`` is the id of a user, or empty. Raises ``ValidationError``.
    """
    if chosen:
        found = within_rights_of(viewer).filter(pk=chosen) if is_id(chosen) else User.objects.none()
        user = found.first()
        if user is None:
            raise ValidationError(BEYOND)
        return user
    if not text.strip() or "\0" in text:
        raise ValidationError("Give a user name or a mail address.")
    meant = list(_with_text(text)[:2])
    if len(meant) > 1:
        raise ValidationError("Several users have this address. Choose one of them.")
    if meant:
        if not within_rights_of(viewer).filter(pk=meant[0].pk).exists():
            raise ValidationError(BEYOND)
        return meant[0]
    if not is_address(text):
        raise ValidationError("No user has this name. Choose one, or give an address to invite.")
    if not may_invite(viewer):
        raise ValidationError("No user has this address, and you may not add users.")
    return folded(text.strip())


def _with_text(text: str) -> QuerySet[User]:
    """The users who have ``text`` as their name, or else as their address."""
    term = text.strip()
    named = User.objects.filter(username=term)
    return named if named.exists() else User.objects.filter(email__iexact=term).order_by("pk")


class PersonWidget(forms.TextInput):
    """A text with the users that fit below it."""

    template_name = "admin/accounts/apikey/person.html"
    candidates: list[Candidate] = []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        # The renderer of forms does not look where the project has its templates.
        context = self.get_context(name, value, attrs) | {"candidates": self.candidates}
        return render_to_string(self.template_name, context)
