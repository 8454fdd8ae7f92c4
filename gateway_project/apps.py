from django.apps import AppConfig


class GatewayProjectConfig(AppConfig):
    """The wiring. Its commands reach across the rooms: serve, bootstrap, import and export."""

    name = "gateway_project"
    verbose_name = "Gatehouse"

    def ready(self) -> None:
        from gateway_project import checks, server_checks, store_checks  # noqa: F401
