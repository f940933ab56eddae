"""Stage 1: pictures come in, are checked, and become controls (tainted) or targets (untainted).

``ingest`` takes a folder, ``coco`` an annotated folder, ``toytown`` draws its own; ``verify`` asks the model
probe questions before a simple picture may serve as a control; ``pool`` hands out what a player has not seen.
"""

from __future__ import annotations

from stumper.images.coco import add_coco
from stumper.images.files import Files, FolderFiles
from stumper.images.ingest import IngestReport, Limits, Refusal, add_folder
from stumper.images.pool import fresh
from stumper.images.probes import Probe, Prober, known_probes
from stumper.images.toytown import add_toytown
from stumper.images.verify import VerifyReport, verify

__all__ = [
    "Files",
    "FolderFiles",
    "IngestReport",
    "Limits",
    "Probe",
    "Prober",
    "Refusal",
    "VerifyReport",
    "add_coco",
    "add_folder",
    "add_toytown",
    "fresh",
    "known_probes",
    "verify",
]
