"""What Django's own handler serves. The API has a handler and routes of its own (proxy.urls)."""

from django.contrib import admin
from django.urls import include, path

from audio.page import speech_cache_page
from connections.admin.from_overview import disable_page, verify_now_page
from connections.admin.pages import apply_change_page, try_chat_page
from gateway_project.error_pages import server_error
from gateway_project.key_trial import try_key_page
from gateway_project.model_page.page import model_page
from models_registry.admin.connection_models import connection_models_page
from proxy.workers.live.page import live_page
from resilience.live_page import try_now_page
from usage.admin.charts import usage_page
from usage.admin.connection_traffic import connection_traffic_page
from usage.admin.rows import request_link

admin.autodiscover()

handler500 = server_error

urlpatterns = [
    path("admin/speech-cache/", admin.site.admin_view(speech_cache_page), name="speech_cache"),
    path("admin/usage-charts/", admin.site.admin_view(usage_page), name="usage_charts"),
    path("admin/requests/", admin.site.admin_view(request_link), name="requests"),
    path("admin/requests/<path:text>", admin.site.admin_view(request_link), name="request"),
    path("admin/model/", admin.site.admin_view(model_page), name="model_page"),
    path("admin/try-key/", admin.site.admin_view(try_key_page), name="try_key"),
    path("admin/live/", admin.site.admin_view(live_page), name="live"),
    path(
        "admin/connections/connection/<int:connection_id>/try-now/",
        admin.site.admin_view(try_now_page),
        name="try_now",
    ),
    path(
        "admin/connections/connection/<int:connection_id>/apply/",
        admin.site.admin_view(apply_change_page),
        name="connection_apply",
    ),
    path(
        "admin/connections/connection/<int:connection_id>/try-chat/",
        admin.site.admin_view(try_chat_page),
        name="connection_try_chat",
    ),
    path(
        "admin/connections/connection/<int:connection_id>/verify-now/",
        admin.site.admin_view(verify_now_page),
        name="connection_verify_now",
    ),
    path(
        "admin/connections/connection/<int:connection_id>/disable/",
        admin.site.admin_view(disable_page),
        name="connection_disable",
    ),
    path(
        "admin/connections/connection/<int:connection_id>/models/",
        admin.site.admin_view(connection_models_page),
        name="connection_models",
    ),
    path(
        "admin/connections/connection/<int:connection_id>/traffic/",
        admin.site.admin_view(connection_traffic_page),
        name="connection_traffic",
    ),
    path("accounts/", include("accounts.sign_in.urls")),
    path("admin/", admin.site.urls),
    path("", include("portal.openapi.urls")),
    path("", include("portal.playground.urls")),
    path("", include("portal.urls")),
]
