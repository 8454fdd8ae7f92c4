"""What Django's own handler serves. The API has a handler and routes of its own (proxy.urls)."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from audio.page import speech_cache_page
from proxy.workers.live.page import live_page
from resilience.live_page import try_now_page
from usage.admin.charts import usage_page
from usage.admin.rows import request_link

admin.autodiscover()

urlpatterns = [
    path("admin/speech-cache/", admin.site.admin_view(speech_cache_page), name="speech_cache"),
    path("admin/usage-charts/", admin.site.admin_view(usage_page), name="usage_charts"),
    path("admin/requests/", admin.site.admin_view(request_link), name="requests"),
    path("admin/requests/<path:text>", admin.site.admin_view(request_link), name="request"),
    path("admin/live/", admin.site.admin_view(live_page), name="live"),
    path(
        "admin/connections/connection/<int:connection_id>/try-now/",
        admin.site.admin_view(try_now_page),
        name="try_now",
    ),
    path("accounts/", include("accounts.sign_in.urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]
