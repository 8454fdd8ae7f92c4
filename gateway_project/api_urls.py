"""The routes of the API, from the rooms that have some."""

from audio import urls as audio
from proxy import urls as proxy

urlpatterns = [*audio.urlpatterns, *proxy.urlpatterns]

# A path that begins with one of these belongs to the API.
API_SEGMENTS = audio.API_SEGMENTS | proxy.API_SEGMENTS
