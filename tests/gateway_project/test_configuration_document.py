"""docs/configuration.md and .env.example say what the settings read, and no more."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gateway_project.config_file.document import read_document
from gateway_project.settings.environment import known
from gateway_project.settings.near_misses import READ_BY_MAKE_RUN
from gateway_project.settings.secret_files import SECRETS
from limits.choices import Metric, Mode, OnOutage, Share, Unpriced, Window
from limits.configuration import spec_fields
from tests.support.environment import ROOT, clean_environment

DOCUMENT = (ROOT / "docs" / "configuration.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
READERS = "text|prose|token|url|switch|number|whole_number|items|lines|mapping|choice|time_zone"
READING = re.compile(rf"environment\.(?:{READERS})\(\s*\"([A-Z_]+)\"")
READ = {
    name
    for file in (ROOT / "gateway_project" / "settings").glob("*.py")
    for name in READING.findall(file.read_text())
}
OF_FILES = {f"{name}_FILE" for name in SECRETS}


def test_names_that_are_nearly_right_are_compared_with_all():
    assert known | READ_BY_MAKE_RUN >= READ | OF_FILES | READ_BY_MAKE_RUN


def test_settings_are_found():
    assert {"DEBUG", "SECRET_KEY", "OPENAI_API_CONFIGS", "GATEWAY_MAX_BODY_BYTES"} <= READ


def test_document_has_a_row_for_every_variable_and_no_other():
    rows = re.findall(r"^\| `([A-Z_]+)` \|", DOCUMENT, re.MULTILINE)

    assert len(rows) == len(set(rows))
    assert set(rows) == READ | OF_FILES | READ_BY_MAKE_RUN


def test_example_has_every_variable_and_no_other():
    assert set(re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == (
        READ | OF_FILES | READ_BY_MAKE_RUN
    )


def test_example_of_the_yaml_file_can_be_read():
    [example] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)

    document = read_document(example)

    assert document.connections[0].headers == (("X-Team", "search"),)
    assert document.group_names == {"team"}


def test_example_of_the_yaml_file_has_every_field_of_a_limit():
    [example] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    [limit] = yaml.safe_load(example)["limits"]
    choices = {*spec_fields.SUBJECT_READERS} - {"group"}

    assert set(limit) == set(spec_fields.READERS) - choices
    [text] = re.findall(r"^    group: .*$", example, re.MULTILINE)
    assert all(choice in text for choice in choices)


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        ("share", Share),
        ("metric", Metric),
        ("window", Window),
        ("mode", Mode),
        ("on_outage", OnOutage),
        ("unpriced", Unpriced),
    ],
)
def test_example_of_the_yaml_file_names_every_choice_of_a_limit(field, choices):
    [comment] = re.findall(rf"^    {field}: .*#(.*)$", DOCUMENT, re.MULTILINE)

    assert [choice for choice in choices if choice not in comment] == []


def test_example_of_a_rotated_key_file_works(tmp_path):
    [example] = [
        block
        for block in re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
        if "/run/secrets" in block
    ]
    environment = clean_environment(
        DATA_DIR=str(tmp_path), GATEWAY_KEY_FILES_DIR=str(tmp_path), NEW_KEY="sk-new"
    )
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", example.replace("/run/secrets", str(tmp_path))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, (tmp_path / "openai").read_text()) == (0, "sk-new"), done.stderr
