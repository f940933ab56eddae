"""python -m tools.sbom [EXTRA ...]: a bill of materials (CycloneDX 1.6, JSON) of the base install and extras.

Follows what the metadata of the installed packages ask for, so that neither tools of development nor extras
that were not named are in it. The same packages give the same bytes: no time, and a serial number made of
their names and versions.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from importlib.metadata import Distribution
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT: Final = "stumper"
ROOT: Final = Path(__file__).parent.parent


def installed(extras: Sequence[str]) -> dict[str, set[str]]:
    """Returns the packages of the base install and of ``extras``: name -> the packages it asks for.

    Raises PackageNotFoundError for one that is not installed, KeyError for an extra that there is not.
    """
    found: dict[str, set[str]] = {}
    waiting = [(PROJECT, frozenset(extras))]
    seen = set(waiting)
    while waiting:
        name, wanted = waiting.pop()
        for asked in _asked(name, wanted):
            needed = canonicalize_name(asked.name)
            if name != needed:
                found.setdefault(name, set()).add(needed)
            following = (needed, frozenset(asked.extras))
            if following not in seen:
                seen.add(following)
                waiting.append(following)
        found.setdefault(name, set())
    del found[PROJECT]
    return found


def _asked(name: str, extras: frozenset[str]) -> list[Requirement]:
    if name == PROJECT:
        return _own(extras)
    asked = [Requirement(line) for line in metadata.requires(name) or ()]
    return [
        one
        for one in asked
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]


def _own(extras: frozenset[str]) -> list[Requirement]:
    """Reads what Stumper asks for from its source: metadata are as old as the last installation."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in sorted(extras) for line in optional[extra])]
    return [Requirement(line) for line in lines]


def licence(package: Distribution) -> str:
    """Returns the licence that a package names: its expression, its classifiers, or first words."""
    about = package.metadata
    classifiers = [one.split(" :: ")[-1] for one in about.get_all("Classifier") or () if "License ::" in one]
    named = about.get("License-Expression") or " OR ".join(classifiers) or about.get("License") or ""
    return " ".join(str(named).split())[:120]


def bill(extras: Sequence[str]) -> str:
    """Returns the bill of materials as JSON."""
    parts = {name: _component(metadata.distribution(name)) for name in sorted(installed(extras))}
    root = _component(metadata.distribution(PROJECT), kind=ComponentType.APPLICATION)
    named = " ".join(str(part.purl) for part in (root, *parts.values()))
    bom = Bom(components=parts.values(), serial_number=uuid5(NAMESPACE_URL, named))
    bom.metadata.component = root
    bom.metadata.timestamp = None  # the same packages, the same bytes
    bom.register_dependency(root, parts.values())
    for name, needs in installed(extras).items():
        bom.register_dependency(parts[name], [parts[need] for need in sorted(needs)])
    return str(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2))


def _component(package: Distribution, *, kind: ComponentType = ComponentType.LIBRARY) -> Component:
    name = canonicalize_name(package.name)
    address = PackageURL("pypi", name=name, version=package.version)
    named = licence(package)
    return Component(
        name=package.name,
        version=package.version,
        type=kind,
        purl=address,
        bom_ref=str(address),
        licenses=[DisjunctiveLicense(name=named)] if named else [],
    )


if __name__ == "__main__":
    print(bill(sys.argv[1:]))
