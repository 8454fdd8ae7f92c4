"""What the gateway uses within uvicorn and aiohttp is listed, with a reason and a test."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

from gateway_project.private_members import PRIVATE_MEMBERS, PrivateMembers
from gateway_project.private_members.of_aiohttp import CLIENT_RESPONSE, RESPONSE_HANDLER
from gateway_project.private_members.of_uvicorn import CYCLE, FLOW_CONTROL
from tests.support.environment import ROOT

LIBRARIES = ("uvicorn", "aiohttp", "httptools", "uvloop", "websockets")
PUBLIC_BASES = {"aiohttp.abc.AbstractResolver"}  # aiohttp documents how to implement it
ROOMS = [
    *(
        "wire_formats",
        "accounts",
        "connections",
        "resilience",
        "models_registry",
        "usage",
        "proxy",
        "audio",
        "portal",
    ),
    *("gateway_project", "demo_upstream", "infrastructure"),
]
# Objects of the libraries go by these names in the modules that hold them.
HELD = {
    "protocol": RESPONSE_HANDLER,
    "pooled": CLIENT_RESPONSE,
    "cycle": CYCLE,
    "answered": CYCLE,
    "flow": FLOW_CONTROL,
}
# Private members of other libraries, none of which is on the road of a chunk.
OTHERS = {
    "_meta",  # of Django's models
    "_base_manager",  # of Django's models, which documents it
    "_default_manager",  # of Django's models, which documents it
    "_state",  # of Django's models
    "_request",  # of Django REST framework's Request
    "_cache",  # of django-redis
    "_serializer",  # of django-redis
    "_Decompress",  # the type of zlib.decompressobj()
    "_replace",  # of named tuples, which documents it
}

LISTED = {(entry.owner, name, entry.user) for entry in PRIVATE_MEMBERS for name in entry.names}

each_entry = pytest.mark.parametrize(
    "entry", PRIVATE_MEMBERS, ids=lambda entry: f"{entry.owner.rpartition('.')[2]}-{entry.names[0]}"
)


@functools.cache
def sources() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text()) for room in ROOMS for path in (ROOT / room).rglob("*.py")
    }


def named(owner: str) -> type:
    module, _, name = owner.rpartition(".")
    found: type = getattr(import_module(module), name)
    return found


def path_of(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


def library_classes(owner: type) -> list[type]:
    """``owner`` and what it inherits from, as far as that is the libraries'."""
    return [
        base
        for base in owner.__mro__
        if base.__module__.partition(".")[0] in LIBRARIES and path_of(base) not in PUBLIC_BASES
    ]


def members_of(owner: type) -> set[str]:
    """What the libraries give ``owner``: names of classes, and those set on ``self``."""
    set_on_self = re.compile(r"\bself\.(\w+)\s*(?::[^=\n]+)?=")
    return {
        name
        for base in library_classes(owner)
        for name in (*vars(base), *set_on_self.findall(inspect.getsource(base)))
        if not name.startswith("__")
    }


def attributes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """``("b", "c")`` for each ``a.b.c``; ``super()`` counts as ``self``."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=holder) | ast.Attribute(attr=holder)):
                yield holder, node.attr
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
                yield "self", node.attr
            case ast.Attribute():
                yield "", node.attr


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def used_by_subclasses() -> Iterator[tuple[str, str, str]]:
    imports = re.compile(rf"^(?:from|import) (?:{'|'.join(LIBRARIES)})\b", re.MULTILINE)
    for path, tree in sources().items():
        if not imports.search(path.read_text()):
            continue
        module = import_module(module_of(path))
        for node in tree.body:
            ours = getattr(module, node.name) if isinstance(node, ast.ClassDef) else object
            for name in members_of(ours):
                owner = path_of(library_classes(ours)[0])
                is_used = ("self", name) in attributes(node)
                is_undocumented = owner.startswith("uvicorn") or owner == RESPONSE_HANDLER
                if name in vars(ours) or (is_used and (is_undocumented or name.startswith("_"))):
                    yield owner, name, module.__name__


def used_of_held_objects() -> Iterator[tuple[str, str, str]]:
    members = {owner: members_of(named(owner)) for owner in HELD.values()}
    for path, tree in sources().items():
        for holder, name in attributes(tree):
            owner = HELD.get(holder.removeprefix("_"), "")
            if name in members.get(owner, ()):
                yield owner, name, module_of(path)


def our_own_private_names() -> set[str]:
    """Every private name that the gateway itself defines or sets on ``self``."""
    text = "\n".join(path.read_text() for path in sources())
    defined = r"(?:def|class|self\.|\bcls\.|^ *)\s*(_[a-z]\w*)\s*(?:\(|:|=(?!=))"
    return set(re.findall(defined, text, re.MULTILINE))


def test_the_list_is_what_is_used() -> None:
    assert {*used_by_subclasses(), *used_of_held_objects()} == LISTED


def test_no_other_private_member_is_used() -> None:
    used = {
        name
        for tree in sources().values()
        for holder, name in attributes(tree)
        if re.match(r"_[A-Za-z]", name) and holder not in {"self", "cls"}
    }
    known = our_own_private_names() | OTHERS | {name for _, name, _ in LISTED}
    assert used - known == set()


@each_entry
def test_a_member_that_is_listed_is_there(entry: PrivateMembers) -> None:
    assert set(entry.names) <= members_of(named(entry.owner))


@each_entry
def test_a_member_that_is_listed_is_used_where_the_list_says(entry: PrivateMembers) -> None:
    source = (ROOT / f"{entry.user.replace('.', '/')}.py").read_text()
    assert [name for name in entry.names if not re.search(rf"\b{name}\b", source)] == []


@each_entry
def test_the_test_that_notices_its_loss_is_there(entry: PrivateMembers) -> None:
    file, _, name = entry.noticed_by.partition("::")
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


@pytest.mark.parametrize("library", ["uvicorn", "aiohttp"])
def test_the_libraries_are_pinned_to_the_patch_level(library: str) -> None:
    asked_for = (ROOT / "requirements" / "base.in").read_text()
    assert re.search(rf"^{library}=={re.escape(version(library))}\s", asked_for, re.MULTILINE)
