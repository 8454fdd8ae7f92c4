from django.apps import AppConfig


class ResilienceConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "resilience"
    verbose_name = "Resilience"

    def ready(self) -> None:
        from resilience import signals  # noqa: F401
