"""The documentation against the code: generated pages are current, links lead somewhere, commands exist."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from stumper import __version__
from stumper.cli import COMMANDS
from stumper.config import Settings

ROOT = Path(__file__).parent.parent
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in WRITTEN]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says(generate: ModuleType) -> None:
    assert generate.outdated() == [], "run `make docs`"


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)|src=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
    local = [link for pair in links if (link := pair[0] or pair[1]) and "://" not in link]

    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_make_command_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:^    |`)make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)

    assert set(named) <= targets


@pytest.mark.parametrize("name", NAMES)
def test_every_command_exists(name: str) -> None:
    named = re.findall(
        r"(?:^    |`)stumper ([a-z]+(?:-[a-z]+)*)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    )

    assert set(named) <= COMMANDS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_named_exists(name: str) -> None:
    known = {f"STUMPER_{field.upper()}" for field in Settings.model_fields} | {
        "STUMPER_TEST_POSTGRES",
        "STUMPER_SCREENSHOTS",
    }
    named = re.findall(r"STUMPER_[A-Z_]+[A-Z]", (ROOT / name).read_text(encoding="utf-8"))

    assert set(named) <= known


def test_the_changelog_begins_with_this_version() -> None:
    top = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert top is not None
    assert top[1] == __version__


def test_constraints_name_every_direct_dependency_once() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = [re.split("==", line)[0].lower().replace("_", "-") for line in lines]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    direct = {
        name.lower().replace("_", "-")
        for name in re.findall(r'^  "([A-Za-z0-9_-]+)(?:\[[a-z]+\])?[><=]', project, re.MULTILINE)
    }

    assert all("==" in line for line in lines)
    assert sorted(pinned) == sorted(set(pinned))
    assert direct <= set(pinned)


def test_the_licence_is_in_the_distribution() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_ci_script_is_valid_and_runs_what_a_developer_runs() -> None:
    script = ROOT / ".ci" / "run"

    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert script.stat().st_mode & 0o100
    assert "make lint test" in script.read_text(encoding="utf-8")
