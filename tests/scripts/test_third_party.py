"""THIRD_PARTY.md is complete, and the texts of its licences are there."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

from django.apps import apps

from scripts.third_party import licences, packages, parts
from tests.support.environment import ROOT

SITE = Path(sysconfig.get_path("purelib"))
FONTS = {".woff", ".woff2", ".ttf", ".eot"}


def served() -> list[Path]:
    """The static files of packages, as paths below site-packages."""
    folders = [Path(config.path) / "static" for config in apps.get_app_configs()]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [file.relative_to(SITE) for file in files if file.is_relative_to(SITE)]


def test_every_pinned_package_has_a_licence():
    assert set(licences()) == set(packages())
    assert {package.name for package in packages().values() if not package.hashes} == set()


def test_licences_are_spdx_expressions():
    word = r"\(?(?:[A-Za-z0-9.-]+)\)?"
    pattern = re.compile(rf"{word}(?: (?:AND|OR) {word})*")
    told = [*licences().values(), *(part.licence for part in parts())]
    assert [each for each in told if not pattern.fullmatch(each)] == []


def test_every_part_is_there_with_the_text_of_its_licence():
    for part in parts():
        assert part.package in packages()
        assert list(SITE.glob(f"{part.path}*")), part
        found = [*SITE.glob(part.text), *ROOT.glob(part.text)]
        assert found, part
        assert len(found[0].read_text()) > 400, part


def test_every_licence_and_font_among_static_files_belongs_to_a_part():
    told = tuple(part.path for part in parts())
    texts = {part.text for part in parts()}
    files = served()
    assert len(files) > 100
    foreign = [file for file in files if file.suffix in FONTS or ".min." in file.name]
    scripts = [str(file) for file in foreign if "bootstrap-theme" not in file.name]
    assert [file for file in scripts if not file.startswith(told)] == []
    found = {str(file) for file in files if file.name.upper().startswith("LICENSE")}
    assert found <= texts


def test_every_text_here_is_used():
    here = {f"licenses/{file.name}" for file in (ROOT / "licenses").iterdir()}
    assert here <= {part.text for part in parts()}
