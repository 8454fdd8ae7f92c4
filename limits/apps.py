from django.apps import AppConfig


class LimitsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "limits"
    verbose_name = "Limits"

    def ready(self) -> None:
        from limits import checks, signals  # noqa: F401
        from limits.counting.periods import periods
        from limits.reading.labels import counted
        from usage.companions import companions
        from usage.counted_limits import counted_limits

        companions.register(periods)
        counted_limits.register(counted)
