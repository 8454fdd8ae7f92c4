"""What is read of an answer to sound."""

import pytest

from audio.views.listening import TranscriptionsView
from tests.support.builders import an_exchange


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [(b'{"duration": 2.5}', 2.5), (b'{"usage": {"seconds": 3}}', 3.0), (b'{"duration": -1}', None)],
)
def test_speech_is_counted_by_its_length(answer, seconds):
    exchange = an_exchange()
    TranscriptionsView().take_usage(answer, exchange)
    assert exchange.tokens.audio_seconds == seconds
