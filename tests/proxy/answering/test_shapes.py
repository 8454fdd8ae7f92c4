from __future__ import annotations

from collections.abc import Iterator

from proxy.answering.shapes import DIALECTS
from proxy.urls import urlpatterns
from proxy.views.model_call import ModelCallView


def views(of: type[ModelCallView] = ModelCallView) -> Iterator[type[ModelCallView]]:
    """The views that stream answers of one endpoint."""
    for view in of.__subclasses__():
        if view.is_streamable and hasattr(view, "endpoint"):
            yield view
        yield from views(view)


def test_every_endpoint_that_streams_has_its_dialect() -> None:
    assert urlpatterns  # which import all views
    assert {view.endpoint for view in views()} <= DIALECTS.keys()


def test_a_view_reads_the_stream_that_its_endpoint_writes() -> None:
    assert urlpatterns
    for view in views():
        assert view.dialect is DIALECTS[view.endpoint]
