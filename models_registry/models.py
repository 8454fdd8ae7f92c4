"""Who may use which models, and what admins say about single ones."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connections.models import Connection
from connections.rules.validators import validate_string_list
from models_registry.registration import Registration
from models_registry.validators import (
    validate_default_parameters,
    validate_family_facts,
    validate_model_id,
    validate_public_id,
)
from wire_formats.families import Facts
from wire_formats.family_facts import facts_of

logger = logging.getLogger(__name__)


class ModelGrant(models.Model):
    """Lets a group, a user or everyone use the models whose id matches a pattern."""

    pattern = models.CharField(
        max_length=200,
        help_text="A model id; * stands for any characters, as in openai/* or gpt-4*.",
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="model_grants"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="model_grants",
    )
    everyone = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("pattern",)
        constraints = (
            models.CheckConstraint(condition=~Q(pattern=""), name="registry_grant_has_pattern"),
            models.CheckConstraint(
                condition=(
                    Q(everyone=True, group__isnull=True, user__isnull=True)
                    | Q(everyone=False, group__isnull=False, user__isnull=True)
                    | Q(everyone=False, group__isnull=True, user__isnull=False)
                ),
                name="registry_grant_has_one_grantee",
                violation_error_message="Choose a group, a user or everyone: exactly one of them.",
            ),
            models.UniqueConstraint(
                "pattern",
                "group",
                condition=Q(group__isnull=False),
                name="registry_grant_per_group",
            ),
            models.UniqueConstraint(
                "pattern", "user", condition=Q(user__isnull=False), name="registry_grant_per_user"
            ),
            models.UniqueConstraint(
                "pattern", condition=Q(everyone=True), name="registry_grant_for_everyone"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pattern} → {self.grantee}"

    def clean(self) -> None:
        if any(not character.isprintable() for character in self.pattern):
            raise ValidationError({"pattern": "The pattern holds a control character."})

    @property
    def grantee(self) -> str:
        """Who the grant is for, in words."""
        if self.everyone:
            return "everyone"
        return f"group {self.group}" if self.group_id else f"user {self.user}"


class Family(models.TextChoices):
    AUTO = "auto", "As its name tells"
    REASONING = "reasoning", "Reasoning model"
    PLAIN = "plain", "No reasoning model"


class RegisteredModel(models.Model):
    """What an admin says about one model of a connection. It offers no model by itself."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="registered_models"
    )
    model = models.CharField(
        "upstream model",
        max_length=300,
        validators=[validate_model_id],
        help_text="The upstream's own name of the model, without a prefix.",
    )
    public_id = models.CharField(
        "public id",
        max_length=200,
        blank=True,
        validators=[validate_public_id],
        help_text="Clients call the model so, instead of by its own name.",
    )
    display_name = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True, max_length=2000)
    family = models.CharField(
        max_length=20,
        choices=Family,
        default=Family.AUTO,
        help_text="Reasoning models take max_completion_tokens, and no system message. "
        "Choosing either also says that this is a model to chat with.",
    )
    family_facts = models.JSONField(
        "facts about the family",
        default=dict,
        db_default={},  # for the version before, which may still be running
        blank=True,
        validators=[validate_family_facts],
        help_text='Where the name does not tell, as in {"like": "claude-opus-5"} for a model that '
        'is called otherwise, or {"max_output_tokens": 8192}. See docs/providers.md.',
    )
    default_parameters = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_default_parameters],
        help_text='Sent where the client gave none, as in {"temperature": 0.2}.',
    )
    tags = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_string_list],
        help_text="Shown in addition to those of the connection.",
    )
    is_hidden = models.BooleanField(
        "hidden",
        default=False,
        help_text="Offer it to nobody: it is neither listed nor can it be called.",
    )
    order = models.PositiveIntegerField(
        null=True, blank=True, help_text="Lower numbers are listed first, those without any last."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = (models.F("order").asc(nulls_last=True), "connection", "model")
        constraints = (
            models.CheckConstraint(condition=~Q(model=""), name="registry_model_has_a_name"),
            models.CheckConstraint(
                condition=Q(family__in=Family.values), name="registry_model_family_known"
            ),
            models.UniqueConstraint(
                "connection",
                "model",
                name="registry_model_registered_once",
                violation_error_message="This model of the connection is registered already.",
            ),
            models.UniqueConstraint(
                "connection",
                "public_id",
                condition=~Q(public_id=""),
                name="registry_public_id_per_connection",
                violation_error_message="Another model of the connection has this public id.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection.name}/{self.model}"

    def registration(self) -> Registration:
        """The row as the request path sees it."""
        return Registration(
            public_id=self.public_id,
            display_name=self.display_name,
            description=self.description,
            is_reasoning=IS_REASONING[self.family],
            family_facts=self._known_facts(),
            default_parameters=self.default_parameters,
            tags=tuple(self.tags),
            is_hidden=self.is_hidden,
            order=self.order,
        )

    def _known_facts(self) -> Facts:
        """None at all rather than no models, where a later version wrote what this one refuses."""
        try:
            return facts_of(self.family_facts)
        except ValueError as exc:
            logger.warning("The facts about %s are ignored: %s.", self.model, exc)
            return ()


IS_REASONING: dict[str, bool | None] = {
    Family.AUTO: None,
    Family.REASONING: True,
    Family.PLAIN: False,
}


class ListedModel(models.Model):
    """A model that an upstream lists or has listed, so that pages tell which came and went."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="listed_models"
    )
    model = models.CharField(max_length=300)
    first_listed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("model",)
        constraints = (
            models.UniqueConstraint("connection", "model", name="registry_model_listed_once"),
        )

    def __str__(self) -> str:
        return self.model
