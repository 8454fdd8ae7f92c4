"""Making a key in the admin, and inviting the person whom it is for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts.admin.new_key_form import NewKeyForm
from accounts.admin.new_keys import Secrets, ShowsNewKeys, hand_over
from accounts.admin.person_field import matching_people
from accounts.invitations import invite, link, mail
from accounts.models import ApiKey, Invitation
from accounts.public_url import public_url

# For superusers: with such a key its holder calls models in anybody's name.
SPEAKING = ("may_speak_for_users", "unknown_users_group")
MORE = ("scopes", "model_patterns", "is_resumable", "expires_at")


class MakesKeys(ShowsNewKeys):
    """For the ``ModelAdmin`` of API keys: who the key is for, and little else, is asked."""

    def get_urls(self) -> list[URLPattern]:
        people = self.admin_site.admin_view(matching_people)  # type: ignore[attr-defined]
        return [path("people/", people, name="accounts_apikey_people"), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        if obj is not None:
            return super().get_fieldsets(request, obj)  # type: ignore[misc]
        more = ("groups", *MORE, *SPEAKING) if request.user.is_superuser else MORE
        return (
            (None, {"fields": ("person", "name")}),
            ("Models, end and scopes", {"fields": more, "classes": ("collapse",)}),
        )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = type("NewKeyForm", (NewKeyForm,), {"viewer": request.user})
        return super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *, add: bool = False, **kwargs: Any
    ) -> HttpResponse:
        if add:
            # The next page shows the new key, so these two buttons could not do what they say.
            context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
            context["title"] = "New key"
        answer: HttpResponse = super().render_change_form(  # type: ignore[misc]
            request, context, add=add, **kwargs
        )
        return answer

    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool
    ) -> None:
        if not change:
            url = self._invite(request, obj, form) if getattr(form, "invited", "") else ""
            key = obj.assign_key()
            request.issued = Secrets(key=key, invitation=url)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.redirect_to_new_key(request, obj, request.issued)  # type: ignore[attr-defined]

    def _invite(self, request: HttpRequest, row: ApiKey, form: Any) -> str:
        """The link of an invitation of the user, who is made, and whose key ``row`` becomes."""
        groups = form.cleaned_data.get("groups") or ()
        admin: Any = self
        viewer: Any = request.user
        invitation, token = invite(form.invited, groups=groups, made_by=viewer)
        row.user = invitation.user
        admin.log_addition(request, invitation.user, "Invited, with a key.")
        url = link(token, public_url(request))
        if settings.EMAIL_URL:  # after the transaction: a mail server may take its time
            transaction.on_commit(lambda: _mail(request, row, invitation, url))
        return url


def _mail(request: HttpRequest, row: ApiKey, invitation: Invitation, url: str) -> None:
    if mail(invitation, url):
        issued: Secrets = request.issued  # type: ignore[attr-defined]
        hand_over(request, row, Secrets(key=issued.key, invitation=url, is_mailed=True))
