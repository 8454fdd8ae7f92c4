"""What a message may name as a model."""

import pytest

from proxy.errors import ModelNotFoundError
from proxy.websockets.models_named import name_as_upstream
from tests.support.builders import a_caller, a_target


@pytest.mark.parametrize("name", [["x"], {"x": 1}, 5, True, ""])
@pytest.mark.parametrize("place", ["session", "input_audio_transcription"])
def test_what_is_no_text_names_no_model(name: object, place: str) -> None:
    session = {"model": name} if place == "session" else {place: {"model": name}}
    message = {"type": "session.update", "session": session}
    with pytest.raises(ModelNotFoundError):
        name_as_upstream(message, "talk", target=a_target(), caller=a_caller())
