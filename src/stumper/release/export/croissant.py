"""Croissant: what a release holds and how it came to be, in the words that data set search engines read.

JSON-LD of Croissant 1.0 with the vocabulary of responsible AI (RAI 1.0), about the parquet files of a
release, beside which it is to lie. https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from stumper.records import Split
from stumper.release.export.source import HUB_NAMES, Source
from stumper.release.formats import require_pyarrow

_LICENCES: Final[Mapping[str, str]] = {
    "cc by 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc by-sa 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc0": "https://creativecommons.org/publicdomain/zero/1.0/",
}
_FIELDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "id": ("sc:Text", "", "Of image, question and answer: the same in every release that holds them."),
    "images": ("sc:ImageObject", "bytes", "The picture that was asked about."),
    "prompt": ("sc:Text", "content", "The player's question."),
    "completion": ("sc:Text", "content", "The right answer, given by a player and confirmed by others."),
    "wrong_answer": ("sc:Text", "", "What the model said."),
    "category": ("sc:Text", "", "What the question is about, one of twelve words."),
    "round": ("sc:Integer", "", "The round it was collected in; each has another model to stump."),
    "image_licence": ("sc:Text", "", "Licence of the picture."),
    "weight": ("sc:Float", "", "How much the example counts in a balanced mix."),
}
"""Column -> type, what to take of each of its elements if it is a list, and what it is."""
_RAI: Final[Mapping[str, Any]] = {
    "rai:dataCollection": "A game: players ask a vision-language model about a picture, mark its answer "
    "right or wrong, and give the right one. On some pictures, unknown to them, the game knows the truth; "
    "what they mark there says how far to believe them elsewhere.",
    "rai:dataCollectionType": ["Experiments", "Direct measurement"],
    "rai:dataAnnotationProtocol": "Trusted players vote on each claim; it becomes an example when the "
    "probability that the model was wrong and the correction right passes the campaign's threshold. "
    "provenance.jsonl of the release holds it for every example.",
    "rai:dataAnnotationPlatform": ["Stumper"],
    "rai:annotatorDemographics": "Volunteers who came to play, of whom nothing is asked but a nickname; not "
    "a sample of any population.",
    "rai:personalSensitiveInformation": ["None is asked for. Players appear under pseudonyms only."],
    "rai:dataBiases": [
        "The questions were chosen to defeat one model: they do not sample what people usually ask.",
        "The texts are what players typed: spelling and style vary, and a few answers will be wrong.",
    ],
    "rai:dataUseCases": ["Fine-tuning", "Testing", "Validation"],
    "rai:dataLimitations": ["Figures on it compare models with the one that was played against unfairly."],
    "rai:dataReleaseMaintenancePlan": "A release never changes. A player may be forgotten; the next release "
    "is then built without them.",
}


def croissant(source: Source, *, splits: Sequence[Split] = tuple(Split)) -> dict[str, Any]:
    """Returns the JSON-LD of a release's parquet files; it fits the release and its parquet export alike.

    No times, so the same release gives the same text. Raises BadRelease without pyarrow.
    """
    manifest = source.manifest
    files = [(split, name) for split in splits for name in source.parquet(split)]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": f"stumper-{manifest.id}",
        "alternateName": f"{manifest.campaign}, up to round {manifest.round}",
        "description": f"{sum(manifest.splits.values())} questions about {manifest.images} pictures that a "
        "vision-language model answered wrong, each with the answer that people gave and others confirmed.",
        "license": _LICENCES.get(manifest.licence.casefold(), manifest.licence),
        "version": f"1.0.{manifest.round}",
        "keywords": ["visual question answering", "adversarial", "human feedback"],
        "inLanguage": "en",
        "isLiveDataset": False,
        "citeAs": "Yadav et al., Gamified crowd-sourcing of high-quality data for visual fine-tuning, "
        "arXiv 2410.04038, 2024.",
        **_RAI,
        "rai:dataSocialImpact": f"Every player agreed, before the first question, to publish their questions "
        f"and answers under {manifest.licence}.",
        "distribution": [_file(source, name) for _, name in files],
        "recordSet": [_records(source, HUB_NAMES[split], name) for split, name in files],
    }


def _file(source: Source, name: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name.replace("/", "-"),
        "contentUrl": name,
        "encodingFormat": "application/x-parquet",
        "contentSize": f"{(source.folder / name).stat().st_size} B",
        "sha256": source.manifest.files[name],
    }


def _records(source: Source, split: str, file: str) -> dict[str, Any]:
    alone = len([name for name in source.manifest.files if name.startswith(f"data/{split}-")]) == 1
    name = split if alone else file.removeprefix("data/").removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"The examples of the split {split}.",
        "key": {"@id": f"{name}/id"},
        "field": list(_fields(source, name, file)),
    }


def _fields(source: Source, records: str, file: str) -> Iterator[dict[str, Any]]:
    """The columns that the file has and that are known here."""
    arrow = require_pyarrow()
    from pyarrow import parquet

    for column in parquet.read_schema(source.folder / file):
        if column.name not in _FIELDS:
            continue
        kind, inside, says = _FIELDS[column.name]
        taken = {"transform": {"jsonPath": inside}} if inside else {}
        yield {
            "@type": "cr:Field",
            "@id": f"{records}/{column.name}",
            "name": column.name,
            "description": says,
            "dataType": kind,
            **({"repeated": True} if arrow.types.is_list(column.type) else {}),
            "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}, **taken},
        }


_CONTEXT: Final[Mapping[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification prescribes; readers warn about another one."""
