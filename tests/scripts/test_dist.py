"""A release is the same bytes however often it is made, and its documents' commands check it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile

import pytest

from scripts.third_party import packages, parts
from tests.support.environment import ROOT

GUIDE = (ROOT / "docs" / "operations.md").read_text()
COMMANDS = re.findall(
    r"```sh\n(.*?)```",
    GUIDE.partition("## Checking a release")[2].partition("\n## ")[0],
    re.DOTALL,
)


def run(command, directory, **environment):
    # The packages are there: the tests run on them.
    variables = os.environ | {"MAKEFLAGS": "-o install"} | environment
    done = subprocess.run(
        command,
        shell=True,
        cwd=directory,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The commit, checked out elsewhere and under another umask."""
    directory = tmp_path_factory.mktemp("checkout") / "there"
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    run(f"umask 077 && git clone -q {ROOT} {directory}", ROOT)
    for file in ("Makefile", "scripts", "requirements", "THIRD_PARTY.md", "licenses"):
        run(f"cp -r {ROOT / file} {directory}", ROOT)  # as they are, committed or not
    run("git add -A && git -c user.name=x -c user.email=x@x commit -qm x --allow-empty", directory)
    (directory / ".venv").symlink_to(ROOT / ".venv")
    return directory


@pytest.fixture(scope="module")
def release(checkout, tmp_path_factory):
    directory = tmp_path_factory.mktemp("release")
    run("make dist", checkout)
    run(f"mv dist/* {directory}", checkout)
    return directory


def test_the_commands_of_the_guide_check_a_release(checkout, release):
    whole, same = COMMANDS
    assert "OK" in run(whole, release)
    assert run(same.replace("/path/to/release", str(release)), checkout) == ""


def test_another_file_is_found_out(release, tmp_path):
    for file in release.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes() + b"!")
    with pytest.raises(AssertionError, match="FAILED"):
        run(COMMANDS[0], tmp_path)


def test_the_archive_holds_the_commit_and_nothing_of_the_machine(checkout, release):
    [archive] = release.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        entries = files.getmembers()
    epoch = int(run("git log -1 --format=%ct", checkout))
    assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in entries} == {
        (0, 0, "", epoch)
    }
    assert {oct(entry.mode) for entry in entries} == {"0o644", "0o755"}
    names = {entry.name.partition("/")[2] for entry in entries}
    assert {"manage.py", "LICENSE", "THIRD_PARTY.md", "licenses/bootstrap.txt"} <= names


def test_the_bill_names_every_package_with_its_hashes_and_parts(release):
    [file] = release.glob("*.cdx.json")
    bill = json.loads(file.read_text())
    told = {each["name"]: each for each in bill["components"]}
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert set(told) == set(packages())
    for name, package in packages().items():
        hashes = {
            each["content"]
            for reference in told[name]["externalReferences"]
            for each in reference["hashes"]
        }
        assert (hashes, told[name]["version"]) == (set(package.hashes), package.version)
    inner = {part["name"] for each in told.values() for part in each.get("components", ())}
    assert inner == {part.name for part in parts()}
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    assert f"pkg:pypi/django@{packages()['django'].version}" in needs["gatehouse"]
    assert (
        f"pkg:pypi/asgiref@{packages()['asgiref'].version}"
        in needs[f"pkg:pypi/django@{packages()['django'].version}"]
    )


def test_a_bill_alone_has_the_time_that_is_told(checkout):
    run("make sbom", checkout, SOURCE_DATE_EPOCH="1700000000")
    bill = json.loads((checkout / "dist" / "sbom.cdx.json").read_text())
    assert bill["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")


def test_no_release_is_made_of_files_that_differ_from_the_commit(checkout):
    guide = checkout / "README.md"
    text = guide.read_text()
    guide.write_text(text + "!")
    with pytest.raises(AssertionError, match="Commit them"):
        run("make dist", checkout)
    guide.write_text(text)
