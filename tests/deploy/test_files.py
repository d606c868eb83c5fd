"""The files of deploy/ name what exists: settings, commands, metrics, each other.

No container engine is needed, or asked: what an engine would read is read here.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.samples import Sample

from observe import metrics
from settings_table import TABLE
from studio.doors import DOORS
from tests.services import find_program

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SETTINGS = {row.name for row in TABLE}
OURS = re.compile(r"(?:GREENROOM|OTEL)_[A-Z_0-9]+")
# Read by the files of deploy/ alone.
OF_DEPLOY = {"GREENROOM_SITE", "GREENROOM_WEB"}


def metric_names() -> set[str]:
    """Every name a query may ask for, of counters and histograms too."""
    names = {"up"}
    for family in metrics.REGISTRY.collect():
        samples: list[Sample] = family.samples
        suffixes = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_count", "_sum"),
        }.get(family.type, ("",))
        names |= {family.name + suffix for suffix in suffixes} | {s.name for s in samples}
    return names


def panels(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in found:
        yield panel
        yield from panels(panel.get("panels", []))


def queries() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    shown = [t["expr"] for panel in panels(dashboard["panels"]) for t in panel.get("targets", [])]
    alerts = yaml.safe_load((DEPLOY / "alerts.yml").read_text())
    return shown + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]


def asked_for(query: str) -> set[str]:
    """The names of metrics in a query: words before a selector, a range or the end."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\bby \([^)]*\)|\[[^\]]*\]', "", query)
    return set(re.findall(r"\b(greenroom_\w+|process_\w+|python_\w+|up)\b", bare))


def test_dashboard_and_alerts_ask_for_metrics_that_exist() -> None:
    asked = {name for query in queries() for name in asked_for(query)}
    assert len(asked) > 12
    assert asked - metric_names() == set()


def test_dashboard_shows_every_metric_of_ours() -> None:
    families = {f.name for f in metrics.REGISTRY.collect() if f.name.startswith("greenroom_")}
    shown = " ".join(queries())
    assert {name for name in families if name not in shown} == set()


def test_panels_have_ids_of_their_own_and_lie_beside_each_other() -> None:
    dashboard = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    found = list(panels(dashboard["panels"]))
    assert len({panel["id"] for panel in found}) == len(found)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in found)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_files_name_settings_that_exist() -> None:
    for path in sorted(p for p in DEPLOY.rglob("*") if p.is_file()):
        named = set(OURS.findall(path.read_text())) - OF_DEPLOY
        assert named - SETTINGS == set(), path.name


def test_compose_names_services_volumes_and_files_that_exist() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                made_by_hand = {"./metrics-token", "./signing"}
                assert source in made_by_hand or (DEPLOY / source).exists(), volume
            else:
                assert source in COMPOSE["volumes"], volume
    assert (DEPLOY / services["web-1"]["build"]["dockerfile"].removeprefix("deploy/")).exists()


def test_compose_runs_two_webs_without_workers_and_a_worker_that_may_finish() -> None:
    webs = [COMPOSE["services"][name] for name in ("web-1", "web-2")]
    assert [web["environment"]["GREENROOM_WORKER"] for web in webs] == ["off", "off"]
    data = [next(v for v in web["volumes"] if v.endswith(":/data")) for web in webs]
    assert len(set(data)) == 2  # one process a data folder
    worker = COMPOSE["services"]["worker"]
    drain_s = int(worker["environment"]["GREENROOM_DRAIN_SECONDS"])
    assert int(worker["stop_grace_period"].removesuffix("m")) * 60 > drain_s
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET", "MARK_KEY", "MEDIA"):
        assert len({s["environment"][f"GREENROOM_{name}"] for s in [*webs, worker]}) == 1


def test_compose_publishes_nothing_but_the_proxy_and_a_local_dashboard() -> None:
    published = {n: s["ports"] for n, s in COMPOSE["services"].items() if "ports" in s}
    assert published.pop("proxy") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_compose_believes_the_proxys_network_and_no_other() -> None:
    [network] = COMPOSE["networks"]["inside"]["ipam"]["config"]
    trusted = COMPOSE["services"]["web-1"]["environment"]["GREENROOM_TRUSTED_PROXIES"]
    assert trusted == network["subnet"]


def test_compose_asks_for_every_secret_and_holds_none() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "GREENROOM_SECRET", "GREENROOM_MARK_KEY"):
        assert re.search(rf"\$\{{{name}:\?", text)
    example = (DEPLOY / "example.env").read_text()
    assert re.findall(r"^(\w*(?:SECRET|PASSWORD|TOKEN)\w*)=(.+)$", example, re.M) == []
    read = set(re.findall(r"\$\{([A-Z_0-9]+)", text))
    assert read == set(re.findall(r"^([A-Z_0-9]+)=", example, re.M))


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text()
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.M)).splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line.strip()]


def test_image_runs_as_nobody_special_with_the_weights_inside() -> None:
    found = instructions()
    assert found[0][0] == "FROM"
    users = [rest for word, rest in found if word == "USER"]
    assert users == ["greenroom"]
    after = [word for word, _ in found[found.index(("USER", "greenroom")) :]]
    assert "COPY" not in after  # the code is not the process's to change
    assert "RUN" not in after
    left_out = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert not any("sora_core" in line or "safetensors" in line for line in left_out)
    assert list((ROOT / "sora_core/sprout").rglob("*.safetensors"))
    for secret in (".env", "data", ".git"):
        assert secret in left_out


def test_image_starts_what_exists_without_a_shell() -> None:
    found = dict(instructions())
    assert json.loads(found["CMD"]) == ["python", "app.py"]
    check = json.loads(found["HEALTHCHECK"].split("CMD", 1)[1])
    assert "/healthz" in check[-1]
    compile(check[-1], "healthcheck", "exec")
    command = COMPOSE["services"]["worker"]["command"]
    assert (ROOT / (command[2].replace(".", "/") + ".py")).exists()


def test_proxy_file_is_valid(tmp_path: Path) -> None:
    caddy = find_program("caddy")
    environment = {"GREENROOM_SITE": ":8443", "GREENROOM_WEB": "127.0.0.1:1 127.0.0.1:2"}
    path = str(DEPLOY / "Caddyfile")
    told = subprocess.run(
        [caddy, "validate", "--adapter", "caddyfile", "--config", path],
        env=environment | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("name", sorted(p.name for p in (DEPLOY / "systemd").iterdir()))
def test_unit_is_valid(name: str, tmp_path: Path) -> None:
    analyze = find_program("systemd-analyze")
    text = (DEPLOY / "systemd" / name).read_text()
    # The house is not at its place here; everything else is as it will be.
    text = text.replace("/srv/greenroom/.venv/bin/python", "/bin/true")
    text = text.replace("/srv/greenroom/deploy/backup.sh", "/bin/true")
    unit = tmp_path / name.replace("@.", "@1.")
    unit.write_text(text)
    if name.endswith(".timer"):
        service = tmp_path / name.replace(".timer", ".service")
        service.write_text("[Service]\nExecStart=/bin/true\n")
    told = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:/lib/systemd/system", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    ours = [line for line in told.stderr.splitlines() if name.split("@")[0] in line]
    assert ours == []
    assert told.returncode == 0, told.stderr


def test_proxy_lets_through_whatever_a_door_takes() -> None:
    """Else the proxy refuses, in words of its own, what Greenroom would have read."""
    caddyfile = (DEPLOY / "Caddyfile").read_text()
    [films] = re.findall(r"@films path (.+)", caddyfile)
    limits = dict(re.findall(r"request_body @(\w+) \{\s+max_size (\d+)MB", caddyfile))
    assert limits.keys() == {"films", "others"}
    for door in DOORS:
        large = any(door.pattern.fullmatch(path) for path in films.split())
        assert door.most_bytes <= int(limits["films" if large else "others"]) * 10**6, door


@pytest.mark.parametrize("name", [p.name for p in (DEPLOY / "systemd").glob("*.service")])
def test_unit_says_itself_what_the_copied_settings_would_say_otherwise(name: str) -> None:
    """docs/deploy.md has .env.example copied whole, and systemd lets that file win."""
    text = (DEPLOY / "systemd" / name).read_text()
    assert "\nEnvironment=" not in text
    [started] = re.findall(r"^ExecStart=/usr/bin/env (.*?[^\\])$", text, re.M | re.S)
    assert "GREENROOM_DATA=/var/lib/greenroom/" in started


@pytest.mark.parametrize("name", ["greenroom-web.service", "greenroom-worker@.service"])
def test_unit_waits_longer_than_the_process_may_take(name: str) -> None:
    text = (DEPLOY / "systemd" / name).read_text()
    [limit_s] = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.M)
    drain = re.findall(r"GREENROOM_DRAIN_SECONDS=(\d+)", text)
    assert int(limit_s) > int(drain[0] if drain else 5)


@pytest.mark.parametrize("name", ["backup.sh", "restore.sh", "places.sh"])
def test_script_is_shell(name: str) -> None:
    assert subprocess.run(["bash", "-n", str(DEPLOY / name)], check=False).returncode == 0
