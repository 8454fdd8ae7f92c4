"""The cells of the matrix."""

from models_registry.access import matrix
from models_registry.access.asked import Asked
from models_registry.access.matrix import rows_of, shown_folders
from models_registry.access.tree import ModelTree
from tests.models_registry.access.trees import a_holder, a_tree
from tests.support.builders import a_snapshot, an_upstream, the_targets

TREE = a_tree()
ALL = (1 << len(TREE.rows)) - 1


def test_a_cell_is_a_dot_a_pattern_or_empty():
    team = a_holder(TREE, "team", "gpt-4o", "gpt-*", pk=1)
    other = a_holder(TREE, "other", "gpt-*", pk=2)
    none = a_holder(TREE, "none", pk=3)
    (row,) = rows_of([TREE.by_id["gpt-4o"]], [team, other, none])
    assert row.cells == (
        '<td><a href="../100/change/" aria-label="gpt-4o is granted to team" '
        'title="gpt-4o is granted to team">●</a><small title="also by gpt-*">+1</small></td>'
        '<td><a href="../200/change/" title="gpt-*"><code>gpt-*</code></a></td><td></td>'
    )


def test_names_do_nothing():
    targets = the_targets(an_upstream("one"), "<b>")
    tree = ModelTree(a_snapshot(*targets).catalogue)
    (row,) = rows_of(tree.rows, [a_holder(tree, '"<i>', "<b>"), a_holder(tree, "x", "<*")])
    assert "<b>" not in row.cells
    assert "<i>" not in row.cells
    assert "&lt;*" in row.cells


def test_folders_count_what_each_holder_has():
    team = a_holder(TREE, "team", "anthropic/opus", "cohere/*")
    counts = {each.folder.name: each.cells for each in shown_folders(Asked(), TREE, ALL, [team])}
    assert counts["openai"] == "<td></td>"
    assert ">1/2<" in counts["router › anthropic/"]
    assert ">1<" in counts["router › cohere/"]
    assert "held=1&amp;open=router%2Fcohere%2F" in counts["router › cohere/"]


def test_a_count_leads_to_its_models_and_keeps_what_is_asked_for():
    team = a_holder(TREE, "team", "cohere/*")
    asked = Asked(q="c", connection="router", held="any", g="te", page=2, open=frozenset({"x"}))
    [_, counts] = [each.cells for each in shown_folders(asked, TREE, ALL, [team])][1:]
    query = "?q=c&amp;connection=router&amp;held=1&amp;g=te&amp;page=2&amp;open=router%2Fcohere%2F"
    assert f'<a href="{query}">1</a>' in counts


def test_many_models_are_folded_until_they_are_opened_or_searched_for(monkeypatch):
    monkeypatch.setattr(matrix, "FEW", 2)
    assert not any(each.is_open for each in shown_folders(Asked(), TREE, ALL, []))
    opened = Asked(open=frozenset({"openai/"}))
    found = {each.folder.key: len(each.rows) for each in shown_folders(opened, TREE, ALL, [])}
    assert found == {"openai/": 2, "router/anthropic/": 0, "router/cohere/": 0}
    assert all(each.is_open for each in shown_folders(Asked(q="x"), TREE, ALL, []))


def test_a_page_has_room_for_so_many_rows(monkeypatch):
    monkeypatch.setattr(matrix, "MOST_ROWS", 1)
    monkeypatch.setattr(matrix, "MOST_OPEN_ROWS", 2)
    found = [(len(each.rows), each.left_out) for each in shown_folders(Asked(), TREE, ALL, [])]
    assert found == [(1, 1), (1, 1), (0, 0)]
