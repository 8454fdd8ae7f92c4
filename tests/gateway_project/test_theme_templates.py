"""Templates of the theme of which we have copies: these differ from it in a few lines alone."""

from pathlib import Path

import pytest
import unfold

from tests.support.environment import ROOT

THEME = Path(unfold.__file__).parent / "templates"
OURS = ROOT / "templates"
# Of each copy, what stands in the theme's lines that it has otherwise. The reason is in the test.
CHANGED = {
    "admin/base.html": ["{% load admin_list"],  # landmarks, a link to the content, the zone
    "admin/change_list_results.html": ["{% load", "{{ item }}", "data-simplebar"],  # lean cells
    "unfold/helpers/header_title.html": ["capfirst"],  # names as they are
    "unfold/helpers/tab_items.html": [
        "tabs-items",
        "link_callback",
    ],  # a label, all seen
    "unfold/helpers/pagination_default.html": ["{{ cl.result_count }}"],  # thousands
    "unfold/helpers/label.html": ["uppercase"],  # names as they are
}
# Whole: the first page is the overview, a fact is not an error, and a history is of every change,
# not of the pages' alone.
REPLACED = {
    *("admin/index.html", "admin/object_history.html"),
    *("unfold/helpers/boolean.html", "unfold/helpers/empty_results.html"),
}


def lines_of(path: Path) -> set[str]:
    return {line.strip() for line in path.read_text().splitlines()}


def test_each_template_that_hides_one_of_the_theme_is_listed() -> None:
    ours = {str(path.relative_to(OURS)) for path in OURS.rglob("*.html")}
    hidden = {name for name in ours if (THEME / name).is_file()}
    assert hidden == {*CHANGED, *REPLACED}


@pytest.mark.parametrize("name", CHANGED)
def test_a_copy_has_all_other_lines_of_the_theme(name: str) -> None:
    missing = lines_of(THEME / name) - lines_of(OURS / name)
    unexpected = [line for line in missing if not any(part in line for part in CHANGED[name])]
    assert unexpected == []
    assert len(missing) == len(CHANGED[name])
