"""Tests lie where the modules lie that they test."""

from __future__ import annotations

import pytest

from tests.support.environment import ROOT

# Names and types, and interfaces that others fill in: there is nothing to run.
WITHOUT_LOGIC = {"errors.py", "json_types.py", "translation.py"}
MODULES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "wire_formats").rglob("*.py")
    if path.name != "__init__.py" and path.name not in WITHOUT_LOGIC
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_of_wire_formats_has_a_test_of_its_own(module):
    assert (ROOT / "tests" / module.with_name(f"test_{module.name}")).is_file()


def test_every_directory_of_tests_mirrors_one_of_modules_or_cuts_across_them():
    across = {"acceptance", "faults", "security", "support"}
    directories = {
        path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("*.py")
    }
    mirrors = [one for one in directories if one.parts and one.parts[0] not in across]
    assert [str(one) for one in mirrors if not (ROOT / one).is_dir()] == []
