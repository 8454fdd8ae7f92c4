"""The gateway's switches."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class GatewaySettings(models.Model):
    """The switches that can be turned while the gateway runs. Empty: as the environment says."""

    SINGLETON_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON_ID, editable=False)
    enable_openai_api = models.BooleanField(
        "enable OpenAI API", null=True, blank=True, help_text="ENABLE_OPENAI_API"
    )
    bypass_model_access_control = models.BooleanField(
        null=True,
        blank=True,
        help_text="BYPASS_MODEL_ACCESS_CONTROL: every user may use every model.",
    )
    models_cache_ttl = models.FloatField(
        "models cache TTL (s)",
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="MODELS_CACHE_TTL",
    )
    forward_user_info_headers = models.BooleanField(
        null=True, blank=True, help_text="ENABLE_FORWARD_USER_INFO_HEADERS"
    )

    class Meta:
        verbose_name = verbose_name_plural = "gateway settings"
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="connections_settings_singleton"),
            models.CheckConstraint(
                condition=Q(models_cache_ttl__isnull=True) | Q(models_cache_ttl__gte=0),
                name="connections_settings_ttl_not_negative",
            ),
        )

    def __str__(self) -> str:
        return "Gateway settings"

    @classmethod
    def load(cls) -> GatewaySettings:
        """The stored row, or an unsaved one with everything left to the environment."""
        return cls.objects.first() or cls()
