"""The Kubernetes manifests: whatever they name exists, and each pod has few rights, probes and time to finish."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import require_command
from worker.broker import LONGEST_TASK_SECONDS
from worker.routes import QUEUES
from worker.telemetry.exposition import STILL_ALIVE_SECONDS

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
SETTINGS = (FOLDER.parents[1] / "worker" / "settings.py").read_text(encoding="utf-8")
Manifest = dict[str, Any]


@cache
def manifests() -> list[Manifest]:
    files = sorted(file for file in FOLDER.glob("*.yaml") if file.name != "kustomization.yaml")
    return [manifest for file in files for manifest in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def of_kind(kind: str) -> dict[str, Manifest]:
    return {manifest["metadata"]["name"]: manifest for manifest in manifests() if manifest["kind"] == kind}


def pods() -> dict[str, Manifest]:
    return {
        name: one["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for name, one in of_kind(kind).items()
    }


def test_every_file_is_applied() -> None:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(listed) == sorted(file.name for file in FOLDER.glob("*.yaml") if file.name != "kustomization.yaml")


@pytest.mark.parametrize("name", sorted(pods()))
def test_each_pod_runs_a_command_with_settings_that_exist(name: str) -> None:
    (container,) = pods()[name]["containers"]
    require_command(container["args"])
    stated = [variable["name"] for variable in container.get("env", [])]
    shared = [*of_kind("ConfigMap")[container["envFrom"][0]["configMapRef"]["name"]]["data"]]
    assert [name for name in (*stated, *shared) if f'"{name.removesuffix("_FILE")}"' not in SETTINGS] == []


@pytest.mark.parametrize("name", sorted(pods()))
def test_each_pod_has_few_rights(name: str) -> None:
    pod = pods()[name]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container["resources"]["limits"]["memory"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert ("owner" in mounted) == (name == "upgrade")


def test_the_image_has_one_name_and_a_tag_that_stays() -> None:
    (image,) = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))["images"]
    assert {container["image"] for pod in pods().values() for container in pod["containers"]} == {image["name"]}
    assert image["newTag"] != "latest"


@pytest.mark.parametrize("name", sorted(of_kind("Deployment")))
def test_updates_drop_nothing(name: str) -> None:
    spec = of_kind("Deployment")[name]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > LONGEST_TASK_SECONDS
    if name == "flower":
        assert spec["strategy"] == {"type": "Recreate"}
        assert container["lifecycle"]["preStop"]
    else:
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    if name != "beat":
        ports = {port["name"] for port in container["ports"]}
        assert {
            container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        } <= ports
        patience = container["livenessProbe"]["periodSeconds"] * container["livenessProbe"]["failureThreshold"]
        assert patience > STILL_ALIVE_SECONDS
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]


def test_every_queue_has_its_workers_and_the_long_ones_grow() -> None:
    served = [
        pod["containers"][0]["args"][pod["containers"][0]["args"].index("--queue") + 1]
        for pod in pods().values()
        if "--queue" in pod["containers"][0]["args"]
    ]
    assert sorted(served) == sorted(QUEUES)
    for name, scaled in of_kind("ScaledObject").items():
        assert scaled["spec"]["scaleTargetRef"]["name"] == name
        assert name in of_kind("Deployment")
        assert 1 <= scaled["spec"]["minReplicaCount"] < scaled["spec"]["maxReplicaCount"]
        named = [
            queue
            for trigger in scaled["spec"]["triggers"]
            for queue in re.findall(r'queue="(\w+)"', trigger["metadata"]["query"])
        ]
        assert named == [name]


def test_whoever_tells_figures_is_asked_for_them() -> None:
    (asked,) = of_kind("PodMonitor").values()
    (endpoint,) = asked["spec"]["podMetricsEndpoints"]
    tells = [
        name
        for name, pod in pods().items()
        if any(port["name"] == endpoint["port"] for port in pod["containers"][0].get("ports", []))
    ]
    assert sorted(tells) == sorted({"intake", *QUEUES})
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment").values()]
    assert all(asked["spec"]["selector"]["matchLabels"].items() <= label.items() for label in labels)
    # Alerts speak of the job by its name.
    alerts = (FOLDER.parent / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    assert set(re.findall(r'job="([\w-]+)"', alerts)) == {endpoint["relabelings"][0]["replacement"]}
    (of_all,) = of_kind("ServiceMonitor").values()
    flower = of_kind("Service")["flower"]
    assert of_all["spec"]["selector"]["matchLabels"] == flower["metadata"]["labels"]
    assert of_all["spec"]["endpoints"][0]["port"] in {port["name"] for port in flower["spec"]["ports"]}


def test_services_and_budgets_select_what_is_there() -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment").values()]
    chosen = [one["spec"]["selector"] for one in of_kind("Service").values()]
    chosen += [one["spec"]["selector"]["matchLabels"] for one in of_kind("PodDisruptionBudget").values()]
    assert len(chosen) == 3
    assert all(selector in labels for selector in chosen)
