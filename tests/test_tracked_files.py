"""No file names a package index: where packages come from is the affair of each machine."""

import re
import subprocess

import pytest

from tests.support.environment import ROOT

INDEX_OPTION = re.compile(
    r"(?<!no-emit-)(?:index-url|index_url|find-links|find_links|trusted-host)\b", re.IGNORECASE
)
INDEX_HOST = re.compile(
    r"https?://[^\s/]*(?:pypi|pythonhosted|devpi|artifactory|nexus|jfrog|npmjs)", re.IGNORECASE
)


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def texts():
    for path in tracked_files():
        if path.is_file() and path.name != "test_tracked_files.py":
            yield path.relative_to(ROOT), path.read_text(errors="replace")


def test_no_file_names_a_package_index():
    found = [
        f"{path}: {match[0]}"
        for path, text in texts()
        for pattern in (INDEX_OPTION, INDEX_HOST)
        if (match := pattern.search(text))
    ]
    assert found == []


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_requirement_is_pinned_with_hashes(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert lines
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


def test_dev_requirements_hold_all_of_the_base_ones():
    pins = {
        name: set(re.findall(r"^(\S+==\S+)", text, re.MULTILINE))
        for name in ("base", "dev")
        if (text := (ROOT / "requirements" / f"{name}.txt").read_text())
    }
    assert pins["base"]
    assert pins["base"] <= pins["dev"]
