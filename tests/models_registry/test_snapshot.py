"""Who sees and may call which model, and which target serves it."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.grants import Grants
from models_registry.registration import Registration
from tests.support.builders import OPTIONS, a_caller, a_snapshot, an_upstream, the_targets

EVERYTHING = Grants(everyone=frozenset({"*"}))
MODELS = ["gpt-4o", "gpt-4o-mini", "openai/gpt-4o", "a/b:free", "o1", "text-embedding-3", "x.y"]
PATTERNS = ["*", "gpt-4o", "gpt-4*", "openai/*", "one/*", "two/o1", "p.*", "*:free", "nothing"]

some_upstreams = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "openai"]),
        st.sampled_from(["", "p", "two/p"]),
        st.sampled_from(["openai", "compatible"]),
        st.lists(st.sampled_from(MODELS), max_size=5),
    ),
    max_size=3,
    unique_by=lambda drawn: drawn[0],
)
some_patterns = st.frozensets(st.sampled_from(PATTERNS), max_size=3)


def served_by(snapshot, model_id: str, **caller: object) -> list[str]:
    targets = snapshot.view(a_caller(**caller)).route(model_id)
    return [target.connection.upstream.name for target in targets]


def listed(snapshot, **caller: object) -> list[str]:
    return [entry["id"] for entry in snapshot.view(a_caller(**caller)).entries()]


def two_connections(**second: object):
    return [
        *the_targets(an_upstream("one"), "gpt-4o", "o1"),
        *the_targets(an_upstream("two", **second), "gpt-4o", "o3"),
    ]


@given(some_upstreams, some_patterns, some_patterns, some_patterns, st.booleans())
def test_what_is_listed_can_be_called(drawn, everyone, group, user, is_staff) -> None:
    targets = []
    for name, prefix, provider, models in drawn:
        upstream = an_upstream(name, prefix_id=prefix, provider=provider)
        targets += the_targets(upstream, *models)
    grants = Grants(everyone=everyone, by_group={1: group}, by_user={7: user})
    snapshot = a_snapshot(*targets, grants=grants)
    view = snapshot.view(a_caller(group_ids=frozenset({1}), is_staff=is_staff))
    ids = [entry["id"] for entry in view.entries()]
    assert len(ids) == len(set(ids))
    assert all(view.route(model_id) for model_id in ids)
    assert all(view.entry(model_id)["id"] == model_id for model_id in ids)


@given(some_upstreams, some_patterns, some_patterns, st.booleans(), st.booleans())
def test_what_can_be_called_is_listed(drawn, everyone, narrowed, is_staff, is_chat) -> None:
    targets = []
    for name, prefix, provider, models in drawn:
        upstream = an_upstream(name, prefix_id=prefix, provider=provider)
        targets += the_targets(upstream, *models)
    snapshot = a_snapshot(*targets, grants=Grants(everyone=everyone))
    view = snapshot.view(a_caller(is_staff=is_staff, model_patterns=tuple(narrowed)))
    view = view.for_chat() if is_chat else view
    ids = {entry["id"] for entry in view.entries()}
    for target in targets:
        for name in (target.public_id, target.qualified_id):
            assert {each.public_id for each in view.route(name)} <= ids


def test_the_first_connection_serves_and_the_others_follow() -> None:
    snapshot = a_snapshot(*two_connections(), grants=EVERYTHING)
    assert served_by(snapshot, "gpt-4o") == ["one", "two"]
    assert served_by(snapshot, "o3") == ["two"]
    assert listed(snapshot) == ["gpt-4o", "o1", "o3"]


def test_a_prefix_keeps_models_apart() -> None:
    snapshot = a_snapshot(*two_connections(prefix_id="p"), grants=EVERYTHING)
    assert listed(snapshot) == ["gpt-4o", "o1", "p.gpt-4o", "p.o3"]
    [target] = snapshot.view(a_caller()).route("p.gpt-4o")
    assert (target.model, target.connection.upstream.name) == ("gpt-4o", "two")
    assert served_by(snapshot, "o3") == []


def test_a_qualified_id_names_the_connection() -> None:
    snapshot = a_snapshot(*two_connections(prefix_id="p"), grants=EVERYTHING)
    assert served_by(snapshot, "two/gpt-4o") == ["two"]
    assert served_by(snapshot, "one/o3") == []


@pytest.mark.parametrize("names", [("openai", "router"), ("router", "openai")])
def test_a_qualified_id_leads_where_it_says(names: tuple[str, str]) -> None:
    models = {"openai": "gpt-4o", "router": "openai/gpt-4o"}
    targets = [t for name in names for t in the_targets(an_upstream(name), models[name])]
    snapshot = a_snapshot(*targets, grants=EVERYTHING)
    assert served_by(snapshot, "openai/gpt-4o") == ["openai", "router"]
    assert served_by(snapshot, "router/openai/gpt-4o") == ["router"]
    assert set(listed(snapshot)) == {"gpt-4o", "openai/gpt-4o"}
    only_router = a_snapshot(*targets, grants=Grants(everyone=frozenset({"router/*"})))
    assert served_by(only_router, "openai/gpt-4o") == ["router"]
    assert listed(only_router) == ["openai/gpt-4o"]


def test_nothing_is_seen_until_it_is_granted() -> None:
    snapshot = a_snapshot(*two_connections())
    assert listed(snapshot) == []
    assert served_by(snapshot, "gpt-4o") == []
    assert snapshot.view(a_caller()).entry("gpt-4o") is None
    assert orjson.loads(snapshot.view(a_caller()).rendered) == {"object": "list", "data": []}


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ({}, ["o3"]),
        ({"group_ids": frozenset({1})}, ["gpt-4o", "o3"]),
        ({"group_ids": frozenset({2, 3})}, ["o3"]),
        ({"user_id": 8}, ["o1", "o3"]),
        ({"user_id": 8, "group_ids": frozenset({1, 2})}, ["gpt-4o", "o1", "o3"]),
        ({"is_staff": True}, ["gpt-4o", "o1", "o3"]),
    ],
)
def test_grants_add_up(caller: dict, expected: list[str]) -> None:
    grants = Grants(
        everyone=frozenset({"o3"}),
        by_group={1: frozenset({"gpt-*"}), 2: frozenset({"none"})},
        by_user={8: frozenset({"o1"})},
    )
    assert listed(a_snapshot(*two_connections(), grants=grants), **caller) == expected


def test_a_grant_of_a_qualified_id_opens_that_connection_alone() -> None:
    grants = Grants(everyone=frozenset({"two/gpt-4o"}))
    snapshot = a_snapshot(*two_connections(), grants=grants)
    assert served_by(snapshot, "gpt-4o") == ["two"]
    assert served_by(snapshot, "one/gpt-4o") == []
    assert listed(snapshot) == ["gpt-4o"]


def test_bypass_opens_everything_to_everyone() -> None:
    options = replace(OPTIONS, bypass_model_access_control=True)
    snapshot = a_snapshot(*two_connections(), options=options)
    assert listed(snapshot) == ["gpt-4o", "o1", "o3"]


def test_callers_with_the_same_rights_get_the_same_bytes() -> None:
    grants = Grants(everyone=frozenset({"o3"}), by_user={8: frozenset({"o1"})})
    snapshot = a_snapshot(*two_connections(), grants=grants)
    rendered = snapshot.view(a_caller()).rendered
    assert snapshot.view(a_caller(user_id=9, group_ids=frozenset({4}))).rendered is rendered
    assert snapshot.view(a_caller(user_id=8)).rendered != rendered
    assert snapshot.view(a_caller(is_staff=True)).rendered != rendered


@pytest.mark.parametrize("provider", ["openai", "compatible"])
def test_models_that_cannot_chat_are_hidden_in_openais_list_only(provider: str) -> None:
    unlisted = ["text-embedding-3", "whisper-1", "tts-1", "dall-e-3", "davinci-002", "babbage-002"]
    targets = the_targets(an_upstream("one", provider=provider), "gpt-4o", *unlisted)
    snapshot = a_snapshot(*targets, grants=EVERYTHING)
    chat = snapshot.view(a_caller()).for_chat()
    is_hidden = provider == "openai"
    assert [entry["id"] for entry in chat.entries()] == ["gpt-4o", *([] if is_hidden else unlisted)]
    assert [bool(chat.route(model)) for model in unlisted] == [not is_hidden] * len(unlisted)
    assert listed(snapshot) == ["gpt-4o", *unlisted]
    assert all(served_by(snapshot, model) == ["one"] for model in unlisted)


def test_an_entry_is_the_upstreams_object_enriched() -> None:
    upstream = an_upstream("one", prefix_id="p", tags=("fast",), url_index=3)
    model = {"id": "m", "created": 5.0, "owned_by": "me", "context_length": 10, "name": "M"}
    [target] = the_targets(upstream, model)
    assert target.entry == {
        "id": "p.m",
        "object": "model",
        "created": 5,
        "owned_by": "openai",
        "context_length": 10,
        "name": "M",
        "openai": model,
        "connection_type": "external",
        "urlIdx": 3,
        "tags": ["fast"],
    }


@pytest.mark.parametrize("created", [None, "1700000000", [], True, -1, 1e300])
def test_odd_fields_of_an_upstream_do_no_harm(created: object) -> None:
    model = {"id": "m", "created": created, "name": ["M"], "tags": None, "urlIdx": "x"}
    [target] = the_targets(an_upstream(), model)
    snapshot = a_snapshot(target, grants=EVERYTHING)
    [entry] = orjson.loads(snapshot.view(a_caller()).rendered)["data"]
    assert isinstance(entry["created"], int)
    assert (entry["name"], entry["urlIdx"]) == ("m", 0)


def test_a_stale_list_is_marked() -> None:
    [target] = the_targets(an_upstream(), "m", is_stale=True)
    assert target.entry["stale"] is True


def test_a_model_listed_twice_is_tried_once() -> None:
    snapshot = a_snapshot(*the_targets(an_upstream(), "m", "m"), grants=EVERYTHING)
    assert served_by(snapshot, "m") == ["one"]


@pytest.mark.parametrize("model", ["../x", "a\\b", "x" * 513])
def test_what_nobody_could_call_is_not_offered(model: str) -> None:
    assert the_targets(an_upstream(), model) == []


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_key_narrows_what_its_user_may_use(is_staff: bool) -> None:
    snapshot = a_snapshot(*two_connections(), grants=Grants(everyone=frozenset({"gpt-4o", "o1"})))
    narrowed = {"is_staff": is_staff, "model_patterns": ("gpt-*", "o3", "nothing")}
    assert listed(snapshot, **narrowed) == (["gpt-4o", "o3"] if is_staff else ["gpt-4o"])
    assert served_by(snapshot, "o1", **narrowed) == []
    assert served_by(snapshot, "one/o1", **narrowed) == []


def test_bypass_does_not_widen_a_key() -> None:
    options = replace(OPTIONS, bypass_model_access_control=True)
    snapshot = a_snapshot(*two_connections(), options=options)
    assert listed(snapshot, model_patterns=("o1",)) == ["o1"]


def test_several_connections_under_one_id_are_a_collision() -> None:
    snapshot = a_snapshot(*two_connections(), grants=EVERYTHING)
    [collision] = snapshot.catalogue.collisions
    assert collision.model_id == "gpt-4o"
    assert [target.connection.upstream.name for target in collision.targets] == ["one", "two"]


@given(some_upstreams)
def test_targets_of_an_id_keep_the_order_of_connections(drawn) -> None:
    upstreams = [an_upstream(n, prefix_id=p, provider=v) for n, p, v, _ in drawn]
    targets = [
        t
        for upstream, (_, _, _, models) in zip(upstreams, drawn, strict=True)
        for t in the_targets(upstream, *models)
    ]
    snapshot = a_snapshot(*targets, grants=EVERYTHING)
    for model_id in listed(snapshot):
        found = snapshot.view(a_caller()).route(model_id)
        named = [t for t in targets if t.qualified_id == model_id]
        others = [t for t in targets if t.public_id == model_id and t not in named]
        assert list(found) == named + others


REGISTERED = Registration(
    public_id="fast",
    display_name="Fast",
    description="For drafts.",
    is_reasoning=True,
    default_parameters={"temperature": 0.2},
    tags=("draft",),
)


def test_a_registered_model_has_its_alias_in_place_of_its_id() -> None:
    targets = the_targets(an_upstream(prefix_id="p", tags=("lab",)), "m", "n", m=REGISTERED)
    snapshot = a_snapshot(*targets, grants=EVERYTHING)
    assert listed(snapshot) == ["fast", "p.n"]
    assert (served_by(snapshot, "p.m"), served_by(snapshot, "one/m")) == ([], ["one"])
    [target] = snapshot.view(a_caller()).route("fast")
    assert (target.model, target.is_reasoning, target.entry["openai"]) == ("m", True, {"id": "m"})
    shown = {name: target.entry[name] for name in ("name", "description", "tags")}
    assert shown == {"name": "Fast", "description": "For drafts.", "tags": ["lab", "draft"]}


def test_an_alias_is_granted_by_itself_or_with_its_connection() -> None:
    targets = the_targets(an_upstream(), "m", m=REGISTERED)
    for pattern, expected in (("fast", ["fast"]), ("one/*", ["fast"]), ("m", [])):
        grants = Grants(everyone=frozenset({pattern}))
        assert listed(a_snapshot(*targets, grants=grants)) == expected


def test_a_hidden_model_is_there_for_nobody() -> None:
    targets = the_targets(an_upstream(), "m", "n", m=Registration(is_hidden=True))
    snapshot = a_snapshot(*targets, grants=EVERYTHING)
    for caller in ({}, {"is_staff": True}):
        assert listed(snapshot, **caller) == ["n"]
        assert served_by(snapshot, "m", **caller) == served_by(snapshot, "one/m", **caller) == []


def test_an_admin_knows_better_what_chats() -> None:
    upstream = an_upstream(provider="openai")
    fine_tuned = "ft:gpt-4o:tts-help"
    targets = the_targets(upstream, fine_tuned, **{fine_tuned: Registration(is_reasoning=False)})
    view = a_snapshot(*targets, grants=EVERYTHING).view(a_caller()).for_chat()
    assert view.route(fine_tuned)


def test_models_come_in_the_order_an_admin_gave_them() -> None:
    order = {"c": Registration(order=1), "b": Registration(order=2)}
    targets = the_targets(an_upstream(), "a", "b", "c", "d", **order)
    assert listed(a_snapshot(*targets, grants=EVERYTHING)) == ["c", "b", "a", "d"]
