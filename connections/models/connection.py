"""Connections to upstreams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts import changes
from connections.choices import (
    API_TYPES,
    CALLERS_OWN,
    GATEWAYS_IDENTITY,
    ApiType,
    AuthType,
    ConnectionType,
    Provider,
)
from connections.models.connection_key import ConnectionKey
from connections.models.connection_queries import ConnectionQuerySet
from connections.models.key_source import KeySource
from connections.models.proxy_setting import ProxySetting
from connections.rules import validators
from connections.rules.destination import is_same_destination

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"


class Connection(ProxySetting):
    """One upstream, as an admin describes it."""

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                NAME_PATTERN,
                "Use lower-case letters, digits, - and _; begin with a letter or digit.",
            )
        ],
        help_text="Names this connection everywhere: in commands, files, logs and model ids.",
    )
    provider = models.CharField(max_length=20, choices=Provider, default=Provider.COMPATIBLE)
    base_url = models.CharField(
        "base URL",
        max_length=500,
        validators=[validators.validate_base_url],
        help_text="For example https://api.openai.com/v1. Changing it drops the stored keys.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    priority = models.PositiveIntegerField(
        default=10, help_text="When two connections offer the same model, the lower number serves."
    )
    auth_type = models.CharField(
        "authentication", max_length=30, choices=AuthType, default=AuthType.BEARER
    )
    auth_scope = models.CharField(
        "scope",
        max_length=300,
        blank=True,
        validators=[validators.validate_scope],
        help_text="Microsoft Entra ID only: what the token is for. Empty: GATEWAY_ENTRA_SCOPE.",
    )
    forward_cookies = models.BooleanField(
        default=False,
        help_text="Pass the caller's cookies on, but for the gateway's own. Only together with the "
        "caller's credential or OAuth token, and only to upstreams of your own.",
    )
    shares_account_objects = models.BooleanField(
        "objects common to all users",
        default=False,
        db_default=False,  # for the version before, which may still be running
        help_text="Let every user of this connection refer to files, vector stores, containers, "
        "prompts and the like of its account by their ids. Upstreams do not keep them apart.",
    )
    costs_nothing = models.BooleanField(
        "costs nothing",
        default=False,
        db_default=False,
        help_text="The upstream bills no request, such as a server of your own. After a failure "
        "that may have generated something, a request is sent again only if that costs nothing.",
    )
    api_version = models.CharField(
        "API version", max_length=50, blank=True, help_text="Azure only, for example 2024-10-21."
    )
    api_type = models.CharField(
        "API",
        max_length=20,
        choices=ApiType,
        blank=True,
        help_text="What chats are translated to, where the upstream does not speak OpenAI's chat "
        "completions. Empty: nothing is translated but for Anthropic.",
    )
    model_ids = models.JSONField(
        "model ids",
        default=list,
        blank=True,
        validators=[validators.validate_string_list],
        help_text="Offer these models alone, also where the upstream does not list them. "
        "Empty: whatever it lists.",
    )
    prefix_id = models.CharField(
        "model prefix",
        max_length=100,
        blank=True,
        validators=[validators.validate_prefix],
        help_text="Put before every model id, with a dot: prefix.model.",
    )
    tags = models.JSONField(default=list, blank=True, validators=[validators.validate_string_list])
    connection_type = models.CharField(
        max_length=20, choices=ConnectionType, default=ConnectionType.EXTERNAL
    )
    headers = models.JSONField(
        "extra headers",
        default=dict,
        blank=True,
        validators=[validators.validate_headers],
        help_text="Sent with every request. {{USER_NAME}}, {{USER_EMAIL}}, {{USER_ID}}, "
        "{{USER_ROLE}} and {{CHAT_ID}} are filled in.",
    )
    verify_tls = models.CharField(
        "verify TLS",
        max_length=300,
        default="true",
        validators=[validators.validate_verify_tls],
        help_text="true, false, or the path of a CA file.",
    )
    timeout_seconds = models.PositiveIntegerField(
        "timeout (s)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How long the upstream may take to begin its answer. "
        "Empty: AIOHTTP_CLIENT_TIMEOUT.",
    )
    url_index = models.PositiveIntegerField(
        "URL index",
        unique=True,
        editable=False,
        help_text="The number Open WebUI's API knows this connection by. It never changes.",
    )
    is_from_environment = models.BooleanField("from environment", default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("priority", "url_index")
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="connections_name_not_empty"),
            models.CheckConstraint(
                condition=Q(base_url__startswith="http://") | Q(base_url__startswith="https://"),
                name="connections_base_url_is_http",
            ),
            models.CheckConstraint(
                condition=Q(provider__in=Provider.values), name="connections_provider_known"
            ),
            models.CheckConstraint(
                condition=Q(auth_type__in=AuthType.values), name="connections_auth_type_known"
            ),
            models.CheckConstraint(
                condition=Q(api_type__in=["", *ApiType.values]), name="connections_api_type_known"
            ),
            models.CheckConstraint(
                condition=Q(connection_type__in=ConnectionType.values),
                name="connections_connection_type_known",
            ),
            models.CheckConstraint(
                condition=Q(timeout_seconds__isnull=True) | Q(timeout_seconds__gte=1),
                name="connections_timeout_positive",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a base URL that leads elsewhere drops the keys, which must be given again.

        Otherwise an editor of the URL could have the keys sent to a host of their own. Header
        values are held back before: see :mod:`connections.configuration.stored_headers`.
        """
        self.base_url = validators.normalise_base_url(self.base_url)
        with transaction.atomic():
            if self.url_index is None:
                changes.lock_configuration()
                self.url_index = self._next_url_index()
            self.encrypt_proxy()
            stored = type(self).objects.filter(pk=self.pk).values_list("base_url", flat=True)
            if self.pk and stored and not is_same_destination(stored[0], self.base_url):
                self.keys.all().delete()
                self._forget_health()
            super().save(*args, **kwargs)

    def clean(self) -> None:
        self.base_url = validators.normalise_base_url(self.base_url)
        if self.forward_cookies and self.auth_type not in CALLERS_OWN:
            raise ValidationError(
                {"forward_cookies": "Cookies go with the caller's credential or OAuth token alone."}
            )
        if self.auth_type in GATEWAYS_IDENTITY:
            validators.validate_identity(self.base_url, self.auth_scope)
        if self.api_type and self.api_type not in API_TYPES.get(self.provider, ()):
            label = self.get_provider_display()
            raise ValidationError({"api_type": f"{label} is not spoken to in this API."})

    @transaction.atomic
    def replace_keys(self, sources: Iterable[KeySource]) -> None:
        """Make ``sources`` the keys of this connection, in order. Known keys keep their row."""
        wanted = list(sources)
        places = {source.place for source in wanted}
        kept: dict[tuple[str, str, str], ConnectionKey] = {}
        for row in self.keys.all():
            source = row.readable_source()
            if source is not None and source.place in places and source.place not in kept:
                kept[source.place] = row
            else:
                row.delete()
        for position, source in enumerate(wanted):
            row = kept.pop(source.place, ConnectionKey(connection=self))
            if row._state.adding:
                row.set_source(source)
            row.set_uses(source)
            row.position = position
            row.save()

    def _forget_health(self) -> None:
        """Another upstream is not known by what was heard of the one before."""
        health: Any = self._meta.get_field("health").related_model
        health.objects.filter(pk=self.pk).delete()

    @classmethod
    def _next_url_index(cls) -> int:
        highest = cls.objects.aggregate(Max("url_index"))["url_index__max"]
        return 0 if highest is None else highest + 1
