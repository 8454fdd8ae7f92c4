from django.apps import AppConfig


class GatewayProjectConfig(AppConfig):
    """The wiring. Its commands reach across the rooms: serve, bootstrap, import and export."""

    name = "gateway_project"
    verbose_name = "Gatehouse"

    def ready(self) -> None:
        from gateway_project import (  # noqa: F401
            checks,
            process_start,
            server_checks,
            store_checks,
        )
        from gateway_project.history import entries, recorded  # noqa: F401

        recorded.register()
