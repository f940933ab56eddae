"""deploy/ against the code and against its own linters: settings, commands, ports and probes that exist.

Helm, Caddy, hadolint and the validators come from PyPI with the group dev; systemd's is Debian's own.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from stumper.cli import COMMANDS
from stumper.config import SECRET_NAMES, Settings
from stumper.front.web import ROUTERS
from tests.faults.parts import free_port

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "stumper"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
SETTINGS = {f"STUMPER_{name.upper()}" for name in Settings.model_fields}
EVERYTHING = "postgresql.enabled=true,s3.enabled=true,vllm.enabled=true,web.autoscaling.enabled=true"


def _tool(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here: pip install --group dev (systemd-analyze: Debian's systemd)")
    return found


def _run(*command: str | Path, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, env=more or None
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_and_command_named_exists(path: Path) -> None:
    said = path.read_text(encoding="utf-8")

    assert set(re.findall(r"STUMPER_[A-Z0-9_]+[A-Z0-9]", said)) <= SETTINGS
    begun = re.findall(r'(?:/stumper |command: \["|CMD \["|args: \[)([a-z][a-z-]+)', said)
    assert set(begun) - {"redis-server", "python"} <= COMMANDS.keys()


def test_every_probe_asks_for_an_address_that_exists() -> None:
    routes = {getattr(route, "path", "") for router, _ in ROUTERS for route in router.routes}
    asked = {
        address
        for path in FILES
        for address in re.findall(
            r"/(?:healthz|readyz|ready|livez|health)\b", path.read_text(encoding="utf-8")
        )
    }

    assert {"/healthz", "/readyz"} <= asked
    assert asked - routes == {"/health"}  # vLLM's own


def test_a_pod_has_time_to_drain_and_to_stop() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    web = compose["services"]["web-1"]
    given = web["environment"]

    assert int(web["stop_grace_period"].rstrip("s")) > given["STUMPER_DRAIN_S"] + given["STUMPER_STOP_S"]
    unit = (DEPLOY / "systemd" / "stumper.service").read_text(encoding="utf-8")
    stop_s = Settings.model_fields["stop_s"].default
    assert int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]) > stop_s


def test_the_chart_keeps_secrets_out_of_its_settings() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    refused = set(schema["properties"]["settings"]["propertyNames"]["not"]["enum"])

    assert refused == {f"STUMPER_{name.upper()}" for name in SECRET_NAMES}


def _rendered(*chosen: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What helm makes of the chart, by kind and name."""
    options = [word for one in chosen for word in ("--set", one)]
    made = yaml.safe_load_all(_run(_tool("helm"), "template", "stumper", CHART, *options))
    return {(one["kind"], one["metadata"]["name"]): one for one in made if one}


@pytest.mark.slow
def test_the_charts_bucket_is_found_by_the_game_and_off_at_first() -> None:
    plain = _rendered()
    assert ("StatefulSet", "stumper-s3") not in plain
    assert "STUMPER_FILES" not in plain["ConfigMap", "stumper-settings"]["data"]

    found = _rendered("s3.enabled=true")
    told = found["ConfigMap", "stumper-settings"]["data"]
    (port,) = found["Service", "stumper-s3"]["spec"]["ports"]
    assert told["STUMPER_S3_ENDPOINT"] == f"http://stumper-s3:{port['port']}"
    settings = Settings(files=told["STUMPER_FILES"], s3_endpoint=told["STUMPER_S3_ENDPOINT"])
    assert settings.bucket == ("pictures", "")
    (container,) = found["StatefulSet", "stumper-s3"]["spec"]["template"]["spec"]["containers"]
    keys = {one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"]}
    assert keys == {"STUMPER_S3_KEY", "STUMPER_S3_SECRET"}

    own = _rendered("s3.enabled=true", "settings.STUMPER_FILES=s3://mine/a")
    assert own["ConfigMap", "stumper-settings"]["data"]["STUMPER_FILES"] == "s3://mine/a"


def test_the_bucket_of_the_compose_file_is_that_of_its_example() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    given = dict(re.findall(r"^# (STUMPER_[A-Z0-9_]+)=(.*)$", example, re.MULTILINE))
    settings = Settings(files=given["STUMPER_FILES"], s3_endpoint=given["STUMPER_S3_ENDPOINT"])

    assert compose["services"]["s3"]["profiles"] == ["s3"]
    assert given.keys() <= compose["services"]["web-1"]["environment"].keys()
    assert settings.bucket is not None
    assert f"-name {settings.bucket[0]}" in compose["services"]["s3"]["command"][0]
    assert settings.s3_endpoint == "http://s3:8333"


@pytest.mark.parametrize("where", ["compose", "chart"])
def test_the_bucket_is_made_once_and_waited_for(where: str, tmp_path: Path) -> None:
    """Runs the script of the container with a `weed` that knows the bucket from the third look on."""
    if where == "compose":
        compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
        script = compose["services"]["s3"]["command"][0].replace("$$", "$")
    else:
        made = _rendered("s3.enabled=true")["StatefulSet", "stumper-s3"]
        (script,) = made["spec"]["template"]["spec"]["containers"][0]["args"]
    weed = tmp_path / "weed"
    weed.write_text(
        f"#!/bin/sh\ncd {tmp_path}\n[ $1 = server ] && {{ echo $@ > server; sleep 1; exit; }}\n"
        "read line; echo $line >> said\n[ $(grep -c list said) -ge 3 ] && echo '  pictures  size:0'\nexit 0\n"
    )
    weed.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"

    _run("/bin/sh", "-c", script.replace("sleep 2", "sleep 0.1"), PATH=path, AWS_SECRET_ACCESS_KEY="x")

    said = (tmp_path / "said").read_text().splitlines()
    assert said == ["s3.bucket.list", "s3.bucket.create -name pictures"] * 2 + ["s3.bucket.list"]
    assert "-s3 " in (tmp_path / "server").read_text()


@pytest.mark.slow
def test_the_compose_file_is_one() -> None:
    _run(_tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_the_image_is_built_as_hadolint_likes_it() -> None:
    _run(_tool("hadolint"), DEPLOY / "Dockerfile")


@pytest.mark.slow
def test_helm_likes_the_chart_and_kubernetes_what_comes_of_it(tmp_path: Path) -> None:
    helm, validate = _tool("helm"), _tool("kubernetes-validate")
    _run(helm, "lint", "--strict", CHART)
    made = tmp_path / "made.yaml"
    made.write_text(_run(helm, "template", "stumper", CHART, "--set", EVERYTHING), encoding="utf-8")

    _run(validate, "--strict", made)

    kinds = [one["kind"] for one in yaml.safe_load_all(made.read_text(encoding="utf-8")) if one]
    assert {"Deployment", "StatefulSet", "Ingress", "PodDisruptionBudget", "HorizontalPodAutoscaler"} <= {
        *kinds
    }


@pytest.mark.parametrize("wrong", ["settings.STUMPER_SECRET=x", "settings.DATABASE=x", "web.replicas=0"])
def test_the_chart_refuses_wrong_values(wrong: str) -> None:
    helm = _tool("helm")
    done = subprocess.run(
        [helm, "template", "stumper", CHART, "--set", wrong], capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "values.schema.json" in done.stderr or "schema" in done.stderr


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    command = (_tool("caddy"), "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")

    assert "Valid configuration" in _run(*command, SITE="localhost", HOME=str(tmp_path))


@contextmanager
def caddy(folder: Path) -> Iterator[int]:
    """Runs Caddy with our file on a port of loopback, and yields the port that takes plain http."""
    plain, tls = free_port(), free_port()
    options = ("admin off", f"http_port {plain}", f"https_port {tls}", "local_certs", "skip_install_trust")
    head = "\n".join(["{", *options, "}", ""])
    file = folder / "Caddyfile"
    file.write_text(head + (DEPLOY / "Caddyfile").read_text(encoding="utf-8"), encoding="utf-8")
    command = (_tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(file))
    more = {"SITE": "localhost", "WEB": "127.0.0.1:9", "HOME": str(folder)}
    with subprocess.Popen(command, env=more, stderr=subprocess.DEVNULL) as process:
        try:
            _until_open(plain)
            yield plain
        finally:
            process.kill()


def _until_open(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}")


def test_caddy_leads_pages_to_https_and_refuses_programs_that_come_without(tmp_path: Path) -> None:
    with caddy(tmp_path) as port, httpx2.Client(base_url=f"http://localhost:{port}") as client:
        page = client.get("/sessions/1?from=here")
        program = client.post("/api/sessions", json={}, headers={"Cookie": "stumper_player=x"})

    assert (page.status_code, page.headers["location"]) == (301, "https://localhost/sessions/1?from=here")
    assert (program.status_code, "location" in program.headers) == (403, False)


def test_gixy_finds_nothing_wrong_with_nginx() -> None:
    assert "No issues found" in _run(_tool("gixy"), DEPLOY / "nginx.conf")


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = tmp_path / "stumper"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    units = []
    for unit in sorted((DEPLOY / "systemd").glob("*.s*")):
        copied = tmp_path / unit.name
        said = unit.read_text(encoding="utf-8").replace("/opt/stumper/bin/stumper", str(program))
        copied.write_text(said, encoding="utf-8")
        units.append(copied)

    assert len(units) == 3
    _run(_tool("systemd-analyze"), "verify", *units)
