"""``/v1/audio/transcriptions`` and ``/translations``: it hears how long a recording is, no more."""

from __future__ import annotations

import io
import wave
from typing import Any

import orjson
from multipart import MultipartError, MultipartParser, parse_options_header

from demo_upstream.errors import DemoError
from demo_upstream.models import LISTENING_MODELS, chosen_model

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")


def transcription(form: bytes, form_type: str) -> tuple[bytes, bytes]:
    """The content type and body of the answer to a form. Raises ``DemoError``."""
    fields, recording = parsed_form(form, form_type)
    chosen_model(fields, LISTENING_MODELS)
    seconds = length_of(recording)
    text = f"I heard {seconds:.1f} seconds of sound."
    wanted = fields.get("response_format", "json")
    if fields.get("stream") == "true":
        return b"text/event-stream", events(text)
    match wanted:
        case "json":
            return b"application/json", orjson.dumps(answer(text, seconds))
        case "verbose_json":
            details = {"task": "transcribe", "language": "english", "duration": seconds}
            return b"application/json", orjson.dumps(details | answer(text, seconds))
        case "text":
            return b"text/plain; charset=utf-8", f"{text}\n".encode()
        case "srt":
            end = timestamp(seconds).replace(".", ",")
            return b"text/plain; charset=utf-8", f"1\n00:00:00,000 --> {end}\n{text}\n\n".encode()
        case "vtt":
            cue = f"WEBVTT\n\n00:00:00.000 --> {timestamp(seconds)}\n{text}\n\n"
            return b"text/vtt; charset=utf-8", cue.encode()
        case _:
            raise DemoError(f"The demo writes {', '.join(FORMATS)}.", param="response_format")


def answer(text: str, seconds: float) -> dict[str, Any]:
    return {"text": text, "usage": {"type": "duration", "seconds": round(seconds)}}


def events(text: str) -> bytes:
    """The text word by word, as the models that stream tell it."""
    deltas = [{"type": "transcript.text.delta", "delta": f"{word} "} for word in text.split()]
    done = {"type": "transcript.text.done", "text": text}
    return b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in [*deltas, done])


def parsed_form(form: bytes, form_type: str) -> tuple[dict[str, str], bytes]:
    """The fields, and the content of ``file``. Raises ``DemoError``."""
    kind, options = parse_options_header(form_type)
    if kind != "multipart/form-data" or "boundary" not in options:
        raise DemoError("Send a form with a file.", status=415)
    try:
        parts = list(MultipartParser(io.BytesIO(form), options["boundary"], len(form)))
    except MultipartError as exc:
        raise DemoError(f"The form cannot be read: {exc}.") from exc
    try:
        recording = next((part.raw for part in parts if part.name == "file"), None)
        fields = {part.name: part.value for part in parts if part.name and part.name != "file"}
    finally:
        for part in parts:
            part.close()
    if recording is None:
        raise DemoError("Send the recording as file.", param="file")
    return fields, recording


def length_of(recording: bytes) -> float:
    """Seconds of a WAV; 0 for what the demo has no ears for."""
    try:
        with wave.open(io.BytesIO(recording)) as reader:
            return float(reader.getnframes() / reader.getframerate())
    except (wave.Error, EOFError):
        return 0.0


def timestamp(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:06.3f}"
