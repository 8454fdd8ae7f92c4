"""The names of the fields that refer to something, and how a reader might spell them.

A field is guarded by its folded name, so that no reader of the body sees a field that was not seen
here: Go's decoder ignores case (and takes ``ſ`` for s and the Kelvin sign for k), others take
``fileId`` for ``file_id``. A guarded field must be written exactly as its API writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache

from proxy.client_side.errors import InvalidRequestError
from proxy.references.front_end_notes import MODELS_OF_MESSAGES, NOTES_OF_MESSAGES

LONGEST_SHOWN = 100
URL, DATA = "url", "data"
A_MESSAGE = 2  # steps of its path: ``messages`` and its place


class Kind(Enum):
    """The kinds of guarded fields, by their content."""

    MODEL = auto()  # the name of one model
    MODELS = auto()  # names of models: a string, an array, or an object with names as keys
    DEFINITION = auto()  # models with addresses of their own
    OBJECT = auto()  # ids of objects of the account
    HOLDER = auto()  # an object of the account where the value is an object with an id
    NAMED_HOLDER = auto()  # as HOLDER, and also where the value is a string
    RESPONSE = auto()  # the id of an earlier response
    ADDRESS = auto()  # where a picture, a file or a sound is
    CONTENT = auto()  # the bytes of one of these; some upstreams take an address instead
    TYPE = auto()  # says how the fields beside it are read
    READ = auto()  # no reference, but decides how the fields in it are read


WRITTEN: dict[Kind, tuple[str, ...]] = {
    Kind.MODEL: ("model",),
    Kind.MODELS: (
        "models",
        "fallbacks",
        "default_fallbacks",
        "context_window_fallbacks",
        "context_window_fallback_dict",
        "content_policy_fallbacks",
        "model_fallbacks",
        "model_id",
        "model_name",
        "model_group",
        "deployment_id",
        "adapter_id",
        "lora_path",
    ),
    Kind.DEFINITION: ("model_list", "litellm_params", "model_group_alias", "router_settings"),
    Kind.OBJECT: (
        "agent",
        "agent_id",
        "assistant_id",
        "batch_id",
        "cached_content",
        "character_id",
        "collection_id",
        "collection_ids",
        "connection_id",
        "container_id",
        "conversation_id",
        "data_sources",
        "environment_id",
        "file_id",
        "file_ids",
        "file_uri",
        "index_name",
        "knowledge_base_id",
        "knowledge_base_ids",
        "library_id",
        "library_ids",
        "memory_store_id",
        "memory_store_ids",
        "preset",
        "previous_message_id",
        "previous_thread_id",
        "project_connection_id",
        "prompt_id",
        "skill_id",
        "skill_ids",
        "thread_id",
        "upload_id",
        "vector_store_id",
        "vector_store_ids",
        "video_id",
    ),
    Kind.HOLDER: ("audio", "prompt", "voice"),
    Kind.NAMED_HOLDER: ("container", "conversation", "skills", "thread"),
    Kind.RESPONSE: ("previous_response_id",),
    Kind.TYPE: ("type",),
    Kind.READ: ("input", "messages", "role", "tools"),
}
# Names that some API has in another form as well.
ALSO_WRITTEN = {"cachedContent": Kind.OBJECT, "previous_interaction_id": Kind.OBJECT}
# Whatever comes before: judge_model, allowed_models, input_file_id.
ENDINGS: dict[str, Kind] = {
    "model": Kind.MODELS,
    "models": Kind.MODELS,
    "modelid": Kind.MODELS,
    "modelids": Kind.MODELS,
    "modelname": Kind.MODELS,
    "modelnames": Kind.MODELS,
    "deployment": Kind.MODELS,
    "deploymentid": Kind.MODELS,
    "deploymentname": Kind.MODELS,
    "imageurl": Kind.ADDRESS,
    "imageurls": Kind.ADDRESS,
    "fileurl": Kind.ADDRESS,
    "fileurls": Kind.ADDRESS,
    "audiourl": Kind.ADDRESS,
    "videourl": Kind.ADDRESS,
    "documenturl": Kind.ADDRESS,
    "filedata": Kind.CONTENT,
    "imagedata": Kind.CONTENT,
    "fileid": Kind.OBJECT,
    "fileids": Kind.OBJECT,
    "vectorstoreid": Kind.OBJECT,
    "vectorstoreids": Kind.OBJECT,
}
# Names of contents. They are compared as they are written, since a form has files by them.
CONTENTS = frozenset({"image", "images", "input_image", "input_video", "video"})
# Fields in which `url` is such an address.
WITH_ADDRESS = frozenset(
    {
        "audio",
        "content",
        "document",
        "file",
        "image",
        "images",
        "input",
        "inputaudio",
        "inputfile",
        "inputimage",
        "inputvideo",
        "source",
        "video",
    }
)
SEPARATORS = str.maketrans("", "", "_- ")


def folded(name: str) -> str:
    """``name`` as the most lenient reader compares it."""
    return name.casefold().translate(SEPARATORS)


SPELLED = {name: kind for kind, names in WRITTEN.items() for name in names} | ALSO_WRITTEN
KINDS = {folded(name): kind for name, kind in SPELLED.items()}


def kind_of(name: str) -> Kind | None:
    """The kind of the field ``name``; None where it refers to nothing.

    Raises ``InvalidRequestError`` for a guarded field in another spelling.
    """
    if (kind := SPELLED.get(name)) is not None:
        return kind
    return _kind_of_short(name) if len(name) <= LONGEST_SHOWN else _kind_of_any(name)


def kind_at(path: Sequence[str | int], name: str) -> Kind | None:
    """The kind of the field ``name`` of what stands at ``path`` in a body.

    Raises ``InvalidRequestError`` as :func:`kind_of` does.
    """
    if len(name) == len(URL) and name.lower() == URL and _has_address(path):
        return Kind.ADDRESS
    if name in CONTENTS or (name == DATA and _is_sound(path)):
        return Kind.CONTENT
    if not path or path[0] != "messages":
        return kind_of(name)
    if name in MODELS_OF_MESSAGES or (len(path) == A_MESSAGE and name in NOTES_OF_MESSAGES):
        return None
    kind = kind_of(name)
    return None if kind is Kind.MODEL or kind is Kind.MODELS else kind


def _has_address(path: Sequence[str | int]) -> bool:
    """Whether the ``url`` of what stands at ``path`` is where a picture, file or sound is."""
    holder = _holder(path)
    # A long name is not read again for each `url` in it: it counts as one that has an address.
    return len(holder) > LONGEST_SHOWN or (
        folded(holder) in WITH_ADDRESS or kind_of(holder) is Kind.ADDRESS
    )


def _is_sound(path: Sequence[str | int]) -> bool:
    """Whether the ``data`` of what stands at ``path`` is a sound."""
    holder = _holder(path)
    return len(holder) <= LONGEST_SHOWN and folded(holder) in {"audio", "inputaudio"}


def _holder(path: Sequence[str | int]) -> str:
    """The name of the field that holds what stands at ``path``."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _kind_of_any(name: str) -> Kind | None:
    plain = folded(name)
    if plain in KINDS:
        raise odd_spelling(name, next(known for known in SPELLED if folded(known) == plain))
    for ending, kind in ENDINGS.items():
        if plain.endswith(ending):
            return kind
    return None


# Long names are not remembered: clients choose them.
_kind_of_short = lru_cache(maxsize=4096)(_kind_of_any)


def is_listed(name: str) -> bool:
    """Whether ``name`` is a guarded field in any spelling, and does not only end like one."""
    return folded(name) in KINDS


def odd_spelling(name: str, known: str) -> InvalidRequestError:
    """The error of a client that writes the field ``known`` in another way."""
    shown = name[:LONGEST_SHOWN]
    return InvalidRequestError(
        f"`{shown}` must be written as `{known[:LONGEST_SHOWN]}`.",
        param=shown,
        code="ambiguous_field",
    )
