"""What the members of a group may do for themselves."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import validate_model_patterns

MOST_KEYS = 100
MOST_DAYS = 3650


class KeyPolicy(models.Model):
    """The policy of a group, or of everybody none of whose groups has one.

    Of several groups of a person, what is most generous holds: see :mod:`portal.allowance`.
    """

    group = models.OneToOneField(
        Group,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="key_policy",
        help_text="Empty: for people none of whose groups has a policy.",
    )
    may_make_keys = models.BooleanField(
        "make keys", default=True, help_text="Members make and rotate their keys themselves."
    )
    most_keys = models.PositiveSmallIntegerField(
        "keys at most",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_KEYS)],
        help_text="Of keys that work at a time, also those that admins made.",
    )
    longest_days = models.PositiveSmallIntegerField(
        "days at most",
        null=True,
        blank=True,
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text="For which a new key works. Empty: keys need not expire.",
    )
    model_patterns = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_model_patterns],
        help_text="A new key is narrowed to these model ids, or to fewer; * stands for any "
        "characters. Empty: all that its user may use.",
    )
    may_make_managing_keys = models.BooleanField(
        "make keys that manage keys",
        default=False,
        help_text="Members may give a key the scope keys, with which a program makes, rotates and "
        "revokes keys of theirs.",
    )
    shows_catalogue = models.BooleanField(
        "show the whole catalogue",
        default=False,
        help_text="Members see the ids of models that they may not use, to ask for them. "
        "Without it no page tells whether there is such a model.",
    )

    class Meta:
        verbose_name = "key policy"
        verbose_name_plural = "key policies"
        ordering = (models.F("group__name").asc(nulls_first=True),)
        constraints = (
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(group__isnull=True),
                name="portal_one_policy_for_others",
                violation_error_message="There is a policy without a group already.",
            ),
            models.CheckConstraint(
                condition=Q(most_keys__gte=1), name="portal_policy_allows_a_key"
            ),
            models.CheckConstraint(
                condition=Q(longest_days__isnull=True) | Q(longest_days__gte=1),
                name="portal_policy_allows_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"policy of {self.group}" if self.group_id else "policy without a group"

    def clean(self) -> None:
        if self.may_make_managing_keys and not self.may_make_keys:
            raise ValidationError(
                {"may_make_managing_keys": "Only those who make keys make such keys."}
            )
