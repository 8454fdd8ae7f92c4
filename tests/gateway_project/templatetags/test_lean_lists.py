"""Short names for the classes of cells: the theme's own are found, and have a style."""

import re

import pytest
from django.utils.safestring import mark_safe
from unfold.templatetags import unfold_list

from gateway_project.templatetags.lean_lists import SHORT, lean
from tests.support.environment import ROOT

CSS = (ROOT / "gateway_project/static/gateway_project/admin.css").read_text()


@pytest.mark.parametrize("name", sorted({one for names in SHORT.values() for one in names.split()}))
def test_each_short_name_has_a_style_or_a_script(name):
    assert re.search(rf"\.{name}\b", CSS) or name == "action-checkbox"


def test_a_cell_keeps_what_it_says():
    cell = mark_safe(f'<td class="field-a {" ".join(unfold_list.ROW_CLASSES)}">  a &amp; b </td>')
    assert lean(cell) == '<td class="field-a cell">  a &amp; b </td>'


def test_a_cell_of_another_kind_stays():
    assert lean(mark_safe('<td class="own">1</td>')) == '<td class="own">1</td>'
