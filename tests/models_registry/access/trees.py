"""A tree of models, and holders of grants, for tests of sets."""

from models_registry.access.holders import Held, Holder
from models_registry.access.tree import ModelTree
from tests.support.builders import a_snapshot, an_upstream, the_targets

ROUTER = ("anthropic/opus", "anthropic/sonnet", "cohere/command")


def a_tree() -> ModelTree:
    """Five models: two of openai, three of router."""
    targets = [
        *the_targets(an_upstream("openai", id=1), "gpt-4o", "gpt-4o-mini"),
        *the_targets(an_upstream("router", id=2), *ROUTER),
    ]
    return ModelTree(a_snapshot(*targets).catalogue)


def a_holder(tree: ModelTree, name: str, *patterns: str, pk: int = 1) -> Holder:
    grants = tuple(
        Held(pk=pk * 100 + number, pattern=pattern, covers=tree.covered_by(pattern))
        for number, pattern in enumerate(patterns)
    )
    return Holder(name=name, group_id=None if name == "everyone" else pk, grants=grants)


def ids(tree: ModelTree, models: int) -> list[str]:
    return [row.model_id for row in tree.rows_in(models)]
