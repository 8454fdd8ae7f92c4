"""The Helm chart: what Kubernetes would be given."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway_project.health import LIVE_PATHS, READY_PATHS
from gateway_project.settings.environment import known
from gateway_project.settings.secret_files import SECRETS
from scripts.image_run import read_image
from tests.support.environment import ROOT
from tests.support.helm_templates import Chart, RequiredError
from tests.support.parts import program

DIRECTORY = ROOT / "deploy" / "helm" / "gatehouse"
CHART = Chart(DIRECTORY)
IMAGE = read_image()
NEEDED: dict[str, Any] = {
    "publicUrl": "https://gateway.example",
    "secrets": {"existingSecret": "mine"},
}
# Everything that is off by itself, and all that can be added.
EVERYTHING: dict[str, Any] = NEEDED | {
    "trustedProxies": "10.244.0.0/16",
    "imagePullSecrets": [{"name": "registry"}],
    "env": {"LOG_LEVEL": "debug", "GATEWAY_ACCESS_LOG": False},
    "extraEnv": [{"name": "OPENAI_API_KEY", "value": "env"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
    "config": "groups:\n  - name: team\n",
    "storage": {"storageClass": "fast"},
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "priorityClassName": "high",
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "serviceAccount": {"annotations": {"role": "gateway"}},
    "service": {"annotations": {"a": "b"}},
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"},
    "autoscaling": {"enabled": True, "inFlight": 40},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}]},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
}
OTHERWISE: dict[str, Any] = {
    "secrets": {"existingSecret": "mine", "files": {"REDIS_URL": None}},
    "storage": {"enabled": False},
    "usageJournal": "redis",
    "serviceAccount": {"create": False, "name": "theirs"},
    "podDisruptionBudget": {"enabled": False},
    "image": {"tag": "9.9.9"},
}
SCHEMA: dict[str, Any] = json.loads((DIRECTORY / "values.schema.json").read_text())
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}
CASES = {"default": NEEDED, "everything": EVERYTHING, "otherwise": NEEDED | OTHERWISE}
each_case = pytest.mark.parametrize("case", CASES)


def rendered(case: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Each object by its kind and name."""
    return {(one["kind"], one["metadata"]["name"]): one for one in CHART.objects(**CASES[case])}


def of_kind(case: str, kind: str) -> dict[str, Any]:
    """The only object of ``kind``."""
    [found] = [one for (its_kind, _), one in rendered(case).items() if its_kind == kind]
    return found


def pod_of(case: str, kind: str) -> dict[str, Any]:
    pod: dict[str, Any] = of_kind(case, kind)["spec"]["template"]["spec"]
    return pod


def environment_of(pod: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}


@each_case
def test_no_two_objects_have_one_name(case):
    assert len(rendered(case)) == len(CHART.objects(**CASES[case]))
    assert all(one["apiVersion"] and one["metadata"]["labels"] for one in rendered(case).values())


@each_case
@pytest.mark.parametrize("kind", ["StatefulSet", "Job"])
def test_pods_are_as_the_image_is_and_without_privileges(case, kind):
    pod = pod_of(case, kind)
    assert pod["securityContext"]["runAsUser"] == int(IMAGE.user)
    assert pod["securityContext"]["fsGroup"] == int(IMAGE.group)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {IMAGE.environment["DATA_DIR"], IMAGE.environment["HOME"]} <= mounted


@each_case
def test_what_containers_mount_is_there(case):
    claims = of_kind(case, "StatefulSet")["spec"].get("volumeClaimTemplates", [])
    for kind in ("StatefulSet", "Job"):
        pod = pod_of(case, kind)
        volumes = {volume["name"] for volume in pod["volumes"]}
        if kind == "StatefulSet":
            volumes |= {claim["metadata"]["name"] for claim in claims}
        assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} <= volumes


@each_case
def test_variables_are_those_that_the_gateway_reads_and_hold_no_secret(case):
    told = environment_of(pod_of(case, "StatefulSet"))
    assert set(told) <= known
    assert {name for name in told if name in SECRETS} <= {"OPENAI_API_KEY"}  # of extraEnv
    paths = {value for name, value in told.items() if name.endswith("_FILE")}
    assert {str(Path(path).parent) for path in paths} == {"/run/secrets/gatehouse"}


@each_case
def test_the_migration_is_what_the_gateway_is_and_comes_first(case):
    gateway, job = pod_of(case, "StatefulSet"), of_kind(case, "Job")
    migration = job["spec"]["template"]["spec"]
    ours, theirs = gateway["containers"][0], migration["containers"][0]
    for name in ("image", "imagePullPolicy", "env", "resources"):
        assert ours[name] == theirs[name]
    for name in (
        "imagePullSecrets",
        "nodeSelector",
        "tolerations",
        "affinity",
        "priorityClassName",
    ):
        assert gateway.get(name) == migration.get(name)
    assert job["metadata"]["name"].endswith("-migration-1")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "manage.py migrate" in theirs["args"][0]
    account = migration["serviceAccountName"]
    if case == "otherwise":
        assert (account, gateway["serviceAccountName"]) == ("theirs", "theirs")
    else:  # made with the hook, as nothing else of a first installation is there
        made = rendered(case)["ServiceAccount", account]["metadata"]["annotations"]
        assert int(made["helm.sh/hook-weight"]) < 0


def test_the_configuration_is_imported_after_the_migration():
    objects = rendered("everything")
    assert (
        objects["ConfigMap", "gatehouse-config"]["data"]["gatehouse.yaml"]
        == CASES["everything"]["config"]
    )
    [script] = pod_of("everything", "Job")["containers"][0]["args"]
    assert script.splitlines() == [
        "python manage.py migrate --no-input",
        "python manage.py import_config /run/gatehouse/gatehouse.yaml",
    ]


@each_case
def test_services_and_policies_find_the_pods_and_not_the_migration(case):
    labels = of_kind(case, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    migrating = of_kind(case, "Job")["spec"]["template"]["metadata"]["labels"]
    selectors = {
        key: one["spec"].get("selector") or one["spec"].get("podSelector")
        for key, one in rendered(case).items()
        if key[0] in {"Service", "PodDisruptionBudget", "NetworkPolicy", "StatefulSet"}
    }
    for selector in selectors.values():
        wanted = selector.get("matchLabels", selector)
        assert wanted.items() <= labels.items()
        assert not wanted.items() <= migrating.items()


@each_case
def test_probes_ask_what_there_is(case):
    [container] = pod_of(case, "StatefulSet")["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in container if "Probe" in name}
    assert paths["readinessProbe"] in READY_PATHS
    assert {paths["livenessProbe"], paths["startupProbe"]} <= LIVE_PATHS
    assert container["ports"] == [{"name": "http", "containerPort": 8000}]
    assert container["args"][:5] == IMAGE.command


def test_a_pod_has_time_for_the_delay_and_for_requests_in_flight():
    values = NEEDED | {"shutdown": {"delaySeconds": 20, "graceSeconds": 90}}
    [pod] = [one for one in CHART.objects(**values) if one["kind"] == "StatefulSet"]
    assert pod["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 120
    told = environment_of(pod["spec"]["template"]["spec"])
    assert told["GATEWAY_SHUTDOWN_DELAY_SECONDS"] == "20"
    assert told["GATEWAY_SHUTDOWN_GRACE_SECONDS"] == "90"


def test_the_journal_of_a_replica_outlives_its_pod():
    spec = of_kind("default", "StatefulSet")["spec"]
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data"]
    policy = spec["persistentVolumeClaimRetentionPolicy"]
    assert set(policy.values()) == {"Retain"}
    assert ("Service", spec["serviceName"]) in rendered("default")


def test_a_pod_without_a_volume_can_have_its_journal_in_redis():
    assert environment_of(pod_of("otherwise", "StatefulSet"))["GATEWAY_USAGE_JOURNAL"] == "redis"
    assert "GATEWAY_USAGE_JOURNAL" not in environment_of(pod_of("default", "StatefulSet"))


def test_replicas_are_left_to_the_autoscaler():
    assert of_kind("default", "StatefulSet")["spec"]["replicas"] == 2
    assert "replicas" not in of_kind("everything", "StatefulSet")["spec"]
    scaler = of_kind("everything", "HorizontalPodAutoscaler")["spec"]
    target = of_kind("everything", scaler["scaleTargetRef"]["kind"])
    assert target["metadata"]["name"] == scaler["scaleTargetRef"]["name"]


def test_prometheus_finds_the_port_the_token_and_the_rules():
    monitor = of_kind("everything", "ServiceMonitor")["spec"]
    [endpoint] = monitor["endpoints"]
    pods = rendered("everything")["Service", "gatehouse-pods"]
    assert endpoint["port"] in {port["name"] for port in pods["spec"]["ports"]}
    assert monitor["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
    assert endpoint["authorization"]["credentials"] == {"name": "mine", "key": "metrics_token"}
    rules = yaml.safe_load((DIRECTORY / "files" / "alerts.yaml").read_text())
    assert of_kind("everything", "PrometheusRule")["spec"] == rules
    dashboard = rendered("everything")["ConfigMap", "gatehouse-dashboard"]["data"]
    assert json.loads(dashboard["gatehouse.json"])["uid"] == "gatehouse"


@pytest.mark.parametrize("name", NEEDED)
def test_what_must_be_said_is_asked_for(name):
    values = {key: value for key, value in NEEDED.items() if key != name}
    with pytest.raises(RequiredError, match=name):
        CHART.objects(**values)


def test_chart_and_gateway_have_one_version():
    chart = yaml.safe_load((DIRECTORY / "Chart.yaml").read_text())
    text = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"', text, re.MULTILINE)
    assert version is not None
    assert chart["appVersion"] == chart["version"] == version[1]


def misfits(schema: dict[str, Any], value: Any, place: str = "") -> list[str]:
    """Where ``value`` is not as ``schema`` has it, as far as ours goes."""
    named = schema.get("type", "string")
    types = tuple(TYPES[name] for name in ([named] if isinstance(named, str) else named))
    if not isinstance(value, types):
        return [place]
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return [] if value in schema.get("enum", [value]) else [place]
    unknown = [f"{place}.{name}" for name in value.keys() - properties.keys()]
    known_here = value.keys() & properties.keys()
    inner = [misfits(properties[name], value[name], f"{place}.{name}") for name in known_here]
    return unknown + [one for each in inner for one in each]


def names_in(schema: dict[str, Any], place: str = "") -> set[str]:
    properties: dict[str, Any] = schema.get("properties", {})
    below = (names_in(inner, f"{place}.{name}") for name, inner in properties.items())
    return {f"{place}.{name}" for name in properties}.union(*below)


@each_case
def test_the_schema_takes_the_values(case):
    assert misfits(SCHEMA, CHART.values) == []
    assert misfits(SCHEMA, CASES[case]) == []


def test_the_schema_refuses_names_and_types_that_are_wrong():
    values = {"replica": 3, "workers": "two", "image": {"pullPolicy": "Sometimes"}}
    assert sorted(misfits(SCHEMA, values)) == [".image.pullPolicy", ".replica", ".workers"]


def test_the_schema_knows_no_more_than_there_is():
    told = {name for name in names_in(SCHEMA) if name != ".global"}
    for name in told:
        value = CHART.values
        for step in name.strip(".").split("."):
            value = value[step]  # KeyError where the chart has none


@each_case
def test_helm_makes_the_same_of_it(case, tmp_path):
    helm = program("helm")
    if helm is None:
        pytest.skip("helm is not here")
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(CASES[case]))
    subprocess.run([helm.address, "lint", "--strict", "-f", values, DIRECTORY], check=True)
    made = subprocess.run(
        [helm.address, "template", "gatehouse", DIRECTORY, "-f", values],
        capture_output=True,
        text=True,
        check=True,
    )
    objects = [one for one in yaml.safe_load_all(made.stdout) if one]
    assert {(one["kind"], one["metadata"]["name"]): one for one in objects} == rendered(case)
