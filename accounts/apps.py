from django.apps import AppConfig, apps


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People & keys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import checks, departures, signals  # noqa: F401

        # Pages of groups are beside those of users, and named after the same place.
        apps.get_app_config("auth").verbose_name = self.verbose_name
