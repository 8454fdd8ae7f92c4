"""Models as rows in folders."""

from models_registry.access.tree import ModelTree
from resilience.route import Route, RouteTarget
from tests.models_registry.access.trees import ROUTER, a_tree, ids
from tests.support.builders import a_snapshot, an_upstream, the_targets


def test_folders_are_connections_and_the_first_parts_of_ids():
    found = {folder.name: [row.model_id for row in folder.rows] for folder in a_tree().folders}
    assert found == {
        "openai": ["gpt-4o", "gpt-4o-mini"],
        "router › anthropic/": ["anthropic/opus", "anthropic/sonnet"],
        "router › cohere/": ["cohere/command"],
    }


def test_a_pattern_covers_a_model_by_either_of_its_names():
    tree = a_tree()
    assert ids(tree, tree.covered_by("gpt-4o")) == ["gpt-4o"]
    assert ids(tree, tree.covered_by("router/*")) == list(ROUTER)
    assert ids(tree, tree.covered_by("openai/gpt-4o-mini", "cohere/*")) == [
        "gpt-4o-mini",
        "cohere/command",
    ]


def test_an_id_that_two_connections_offer_is_one_row_with_the_names_of_both():
    targets = [
        *the_targets(an_upstream("one", id=1), "shared"),
        *the_targets(an_upstream("two", id=2), "shared"),
    ]
    tree = ModelTree(a_snapshot(*targets).catalogue)
    assert [row.model_id for row in tree.rows] == ["shared"]
    assert tree.covered_by("two/*") == tree.covered_by("one/*") == 1


def test_routes_have_a_folder_of_their_own_and_no_name_of_a_target():
    route = Route(model="fast", targets=(RouteTarget(connection_id=1, model="gpt-4o"),))
    snapshot = a_snapshot(*the_targets(an_upstream("openai", id=1), "gpt-4o"), routes=[route])
    tree = ModelTree(snapshot.catalogue)
    assert {folder.name for folder in tree.folders} == {"openai", "routes"}
    assert ids(tree, tree.covered_by("openai/*")) == ["gpt-4o"]
    assert ids(tree, tree.covered_by("fast")) == ["fast"]
