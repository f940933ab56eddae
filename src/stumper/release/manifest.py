"""The manifest `release.json`: what a release holds, the SHA-256 of every file, and one digest over all.

`SHA256SUMS` holds the same digests as `sha256sum -c` reads them; the digest over all is the SHA-256 of that
file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from stumper.errors import BadRelease

NAME: Final = "release.json"
SUMS: Final = "SHA256SUMS"
FORMAT: Final = 2
READ: Final = (1, FORMAT)
"""Format 1 had no weights, no SHA256SUMS, and players in all splits."""


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
    """Path inside the folder (with '/') -> SHA-256, of all files but this one and SHA256SUMS."""
    players: int = 0
    why_not_apart: str = ""
    """Why players of the test are in train or validation too; empty if they are not (format 1: not known)."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Examples that are not in it, a reason (`release.plan.Reason`)."""
    weights: dict[str, float] = field(default_factory=dict)
    """Of each category, mean 1 over train."""
    entropy: float = 0.0
    """Of the categories over that of eleven equal parts, 0..1."""

    def told(self) -> list[str]:
        """Returns what whoever builds it should know, a sentence each."""
        left_out = ", ".join(f"{count:,} for {reason}" for reason, count in self.left_out.items() if count)
        lines = [f"Left out: {left_out} (left-out.jsonl; the card says why)."] if left_out else []
        if self.why_not_apart:
            lines.append(
                "Players are NOT kept apart: players of the test are in train or validation too, because "
                f"{self.why_not_apart}. No picture is in two splits."
            )
        return lines


def digest_over(files: dict[str, str]) -> str:
    """Returns the SHA-256 over the sorted lines 'digest path' of all files."""
    return hashlib.sha256(_sums(files)).hexdigest()


def _sums(files: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items())).encode()


def hash_folder(folder: Path) -> dict[str, str]:
    """Returns path -> SHA-256 of every file below the folder but the manifest and SHA256SUMS."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: _sha256(path) for name, path in named.items() if name not in (NAME, SUMS)}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes SHA256SUMS, and the manifest last: a folder without it is not yet a release."""
    (folder / SUMS).write_bytes(_sums(manifest.files))
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_manifest(folder: Path) -> Manifest:
    """Returns the manifest without checking the files. Raises BadRelease if it is missing or damaged."""
    path = folder / NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if (number := data["format"]) not in READ:
            raise BadRelease(
                f"{path} has format {number}, this version reads {' and '.join(map(str, READ))}. Update "
                "stumper."
            )
        return Manifest(**data)
    except OSError as error:
        raise BadRelease(
            f"{folder} holds no {NAME}. Name a folder made by `stumper release build`."
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise BadRelease(f"{path} is damaged. Restore it or build the release again.") from error


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
    if manifest.format > 1 and not _is_file(folder / SUMS, digest=manifest.digest):
        faults.append(f"{SUMS} is missing or changed")
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


def _is_file(path: Path, *, digest: str) -> bool:
    return path.is_file() and _sha256(path) == digest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
