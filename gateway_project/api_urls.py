"""The routes of the API, from the rooms that have some."""

from audio import urls as audio
from portal import api_urls as portal
from proxy import urls as proxy

urlpatterns = [*audio.urlpatterns, *portal.urlpatterns, *proxy.urlpatterns]

# A path that begins with one of these belongs to the API.
API_SEGMENTS = audio.API_SEGMENTS | portal.API_SEGMENTS | proxy.API_SEGMENTS
