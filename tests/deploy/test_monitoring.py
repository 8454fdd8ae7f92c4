"""Alert rules and dashboard: they name what ``/metrics`` has."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from django.core.management import get_commands

from connections.calling.client import UpstreamClient
from connections.models import Connection
from gateway_project.metrics import metrics_text
from models_registry.registry import Registry, activate
from tests.support.environment import ROOT
from tests.support.parts import program
from tests.usage.records import an_ended_exchange
from usage.ledger import running_ledger

FILES = ROOT / "deploy" / "helm" / "gatehouse" / "files"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FILES / "dashboard.json").read_text())
METRIC = re.compile(r"\b(?:gen_ai|gatehouse)_\w+\b(?=[{\[)]|\s|$|,)")
OF_PROMETHEUS = {"instance", "le"}


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in RULES)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for variable in DASHBOARD["templating"]["list"]:
        yield from [variable["query"]["query"]] if variable["type"] == "query" else []


def labels_in(expression: str) -> set[str]:
    """The labels that ``expression`` selects or groups by."""
    grouped = re.findall(r"\bby \(([\w, ]+)\)", expression)
    grouped += re.findall(r"label_values\(\w+, (\w+)\)", expression)
    selected = re.findall(r"(\w+)(?:=~|!=|!~|=)\"", expression)
    return {label for group in grouped for label in group.split(", ")} | set(selected)


def named_metrics() -> set[str]:
    bare = (re.sub(r"\bby \([^)]*\)|\{[^}]*\}", " ", each) for each in expressions())
    text = (re.sub(r"(label_values\(\w+), \w+\)", r"\1)", each) for each in bare)
    return {name for each in text for name in METRIC.findall(each)}


@pytest.fixture
async def exported(settings, tmp_path):
    """What a gateway tells that has one connection and has answered a stream."""
    settings.DATA_DIR = tmp_path
    await Connection.objects.acreate(name="one", base_url="http://one.example/v1")
    registry = Registry(UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(404))))
    await registry.reload()
    activate(registry)
    try:
        async with running_ledger() as ledger:
            ledger.close(an_ended_exchange(is_streamed=True))
            return metrics_text(ledger)
    finally:
        activate(None)
        await registry.stop()


@pytest.mark.django_db(transaction=True)
async def test_every_metric_and_label_is_exported(exported):
    families = dict(re.findall(r"^# TYPE (\w+) (\w+)$", exported, re.MULTILINE))
    parts = ("_bucket", "_sum", "_count")
    names = {name for name, kind in families.items() if kind != "histogram"}
    names |= {f"{name}{part}" for name, kind in families.items() if kind == "histogram"
              for part in parts}  # fmt: skip
    labels = set(re.findall(r'(\w+)="', exported))
    assert named_metrics() <= names
    assert {label for each in expressions() for label in labels_in(each)} <= labels | OF_PROMETHEUS


def test_metrics_and_labels_are_found():
    assert "gatehouse_overhead_seconds_bucket" in named_metrics()
    assert "gen_ai_provider_name" not in named_metrics()
    assert labels_in('sum by (le, a) (rate(x{b=~"5..|y",c!=""}[1m]))') == {"le", "a", "b", "c"}


def test_what_operators_are_told_to_run_exists():
    told = "\n".join(rule["annotations"]["description"] for rule in RULES)
    assert set(re.findall(r"manage\.py (\w+)", told)) <= set(get_commands())
    assert {rule["labels"]["severity"] for rule in RULES} <= {"critical", "warning"}


def test_panels_do_not_overlap():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def promtool(*arguments: str) -> str:
    tool = program("promtool")
    if tool is None:
        pytest.skip("promtool is not here")
    command = [tool.address, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_rules():
    said = promtool("check", "rules", str(FILES / "alerts.yaml"))
    assert f"SUCCESS: {len(RULES)} rules found" in said


def test_promtool_takes_the_expressions_of_the_dashboard(tmp_path):
    panels = [panel["targets"] for panel in DASHBOARD["panels"]]
    texts = [target["expr"].replace("$__rate_interval", "5m") for each in panels for target in each]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(texts)]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_alerts_begin_and_end_as_they_should():
    promtool("test", "rules", str(ROOT / "tests" / "deploy" / "alerts.yaml"))
