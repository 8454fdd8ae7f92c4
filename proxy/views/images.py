"""Images from images: forms with files, passed on while they come in."""

from __future__ import annotations

from proxy.views.upload import UploadView


class ImageEditsView(UploadView):
    endpoint = "images/edits"


class ImageVariationsView(UploadView):
    endpoint = "images/variations"
