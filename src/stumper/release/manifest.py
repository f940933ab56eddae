"""The manifest `release.json`: what a release holds, the SHA-256 of every file, and one digest over all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from stumper.errors import BadRelease

NAME: Final = "release.json"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a release holds; equal manifests mean equal bytes."""

    format: int
    id: str
    digest: str
    campaign: str
    round: int
    seed: int
    licence: str
    images: int
    splits: dict[str, int]
    """Examples a split."""
    categories: dict[str, int]
    files: dict[str, str]
    """Path inside the folder (with '/') -> SHA-256."""


def digest_over(files: dict[str, str]) -> str:
    """Returns the SHA-256 over the sorted lines 'digest path' of all files."""
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def hash_folder(folder: Path) -> dict[str, str]:
    """Returns path -> SHA-256 of every file below the folder but the manifest itself."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: _sha256(path) for name, path in named.items() if name != NAME}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes it last: a folder without it is not yet a release."""
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_manifest(folder: Path) -> Manifest:
    """Returns the manifest without checking the files. Raises BadRelease if it is missing or damaged."""
    path = folder / NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**data)
    except OSError as error:
        raise BadRelease(
            f"{folder} holds no {NAME}. Name a folder made by `stumper release build`."
        ) from error
    except (ValueError, TypeError) as error:
        raise BadRelease(f"{path} is damaged. Restore it or build the release again.") from error
    if manifest.format != FORMAT:
        raise BadRelease(f"{path} has format {manifest.format}, this version reads {FORMAT}. Update stumper.")
    return manifest


def verify_release(folder: Path) -> Manifest:
    """Returns the manifest after hashing every file.

    Raises BadRelease that names what is missing, changed or added.
    """
    manifest = read_manifest(folder)
    found = hash_folder(folder)
    wrong = {
        "missing": sorted(manifest.files.keys() - found.keys()),
        "added": sorted(found.keys() - manifest.files.keys()),
        "changed": sorted(
            name for name, digest in found.items() if manifest.files.get(name, digest) != digest
        ),
    }
    faults = [f"{what}: {_some(names)}" for what, names in wrong.items() if names]
    if digest_over(manifest.files) != manifest.digest:
        faults.append("the digest does not fit the list of files")
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in manifest.files):
        faults.append("the list of files leaves the folder")
    if faults:
        raise BadRelease(
            f"{folder} is not release {manifest.id} as it was frozen ({'; '.join(faults)}). "
            "Restore it from a copy or build it again."
        )
    return manifest


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
