"""What Stumper is made of: pinned versions, known licences, and browser libraries as they were published."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import sbom

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HTMX = "src/stumper/front/static/vendor/htmx-4.0.1.min.js"
VENDORED = {HTMX: "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"}
"""SHA-256 of libraries that browsers load, as they were published."""
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|Zlib|0BSD|Unlicense|CC0|LGPL|"
    r"GNU Lesser General Public License)\b",
    re.IGNORECASE,
)
"""What may be shipped beside Apache-2.0; LGPL is psycopg, which is linked and not changed."""


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def declared() -> list[Requirement]:
    groups = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    groups += PROJECT["dependency-groups"].values()
    return [Requirement(line) for group in groups for line in group]


def test_every_pin_is_a_version_that_we_ask_for() -> None:
    versions = pinned()
    wrong = [
        f"{asked} but constraints.txt has {versions[name]}"
        for asked in declared()
        if (name := canonicalize_name(asked.name)) in versions
        and not asked.specifier.contains(versions[name], prereleases=True)
    ]
    assert not wrong


def test_nothing_comes_from_an_address() -> None:
    assert not [asked for asked in declared() if asked.url]
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|git\+| @ ", text)
    wanted = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+")
    assert all(wanted.fullmatch(line) for line in text.splitlines() if line and not line.startswith("#"))


@pytest.mark.parametrize("name", sorted(sbom.installed(())))
def test_the_base_install_has_permissive_licences(name: str) -> None:
    found = sbom.licence(metadata.distribution(name))
    assert PERMISSIVE.search(found), f"{name} is under {found or 'no licence that its metadata names'!r}"


def test_the_bill_of_materials_is_valid_and_holds_what_is_installed() -> None:
    written = sbom.bill(("telegram", "redis"))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None
    bill = json.loads(written)
    named = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    assert {"fastapi", "sqlalchemy", "pillow", "starlette", "aiogram", "redis"} <= named.keys()
    assert "torch" not in named
    assert all(metadata.version(name) == version for name, version in named.items())
    assert sbom.bill(("telegram", "redis")) == written


@pytest.mark.parametrize("path", VENDORED)
def test_browser_libraries_are_as_they_were_published(path: str) -> None:
    data = (ROOT / path).read_bytes()
    assert hashlib.sha256(data).hexdigest() == VENDORED[path]
    version = re.search(r"-([\d.]+)\.min", path)
    assert version is not None
    assert version[1].encode() in data


def test_every_browser_library_is_recorded() -> None:
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "src").rglob("vendor/*.js")}
    assert found == set(VENDORED)
