"""What a release says of itself to machines: CSVW, Croissant and DCAT, from the contracts.

All three are made with the release and name its files by relative paths, so that they hold wherever
the release is put. The Frictionless data package is beside them (`datapackage.json`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from beacon.contracts import Contract
from beacon.contracts.croissant import CONTEXT, croissant_file, croissant_records
from beacon.contracts.csvw import csvw_table
from beacon.core.files import canonical_json
from beacon.release.parquet import WrittenMart
from beacon.release.workbook import CSV_FOLDER

CSVW = "csv-metadata.json"
CROISSANT = "croissant.json"
DCAT = "dcat.jsonld"

OGL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"


def write_descriptions(
    building: Path,
    contracts: Sequence[Contract],
    written: Sequence[WrittenMart],
    *,
    label: str,
    title: str,
    description: str,
    inputs: list[dict[str, Any]],
) -> None:
    """Write the three descriptions of a release in the making.

    Args:
        building: Directory of the release; its CSVs and Parquet files are there.
        contracts: Contracts of the marts.
        written: The marts as written, in the same order.
        label: Label of the release.
        title: Title of the release as a data set.
        description: What it is; of the sample, that it is fictional.
        inputs: The manifest's entries of publishers' files.
    """
    about = {"title": title, "description": description, "label": label}
    licences = sorted({str(entry["licence"]) for entry in inputs})
    (building / CSVW).write_text(canonical_json(_csvw(contracts, about)), encoding="utf-8")
    croissant = _croissant(contracts, written, about, licences, inputs)
    # The specification's own order of keys is kept: it starts with the context.
    text = json.dumps(croissant, indent=2, ensure_ascii=False) + "\n"
    (building / CROISSANT).write_text(text, encoding="utf-8")
    dcat = _dcat(contracts, written, about, licences, inputs)
    (building / DCAT).write_text(canonical_json(dcat), encoding="utf-8")


def _csvw(contracts: Sequence[Contract], about: dict[str, str]) -> dict[str, Any]:
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": about["title"],
        "dc:description": about["description"],
        "schema:version": about["label"],
        # A compressed CSV is no CSV to CSVW; its Parquet file is in the other descriptions.
        "tables": [
            csvw_table(contract, f"{CSV_FOLDER}/{contract.csv_name}")
            for contract in contracts
            if contract.csv_name.endswith(".csv")
        ],
    }


def _croissant(
    contracts: Sequence[Contract],
    written: Sequence[WrittenMart],
    about: dict[str, str],
    licences: list[str],
    inputs: list[dict[str, Any]],
) -> dict[str, Any]:
    sums = {mart.name: mart.sha256 for mart in written}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"beacon-{about['label']}",
        "description": about["description"],
        "version": about["label"],
        "license": [_licence(name) for name in licences] or ["Not licensed"],
        "citeAs": f"{about['title']}, release {about['label']}",
        "creator": [
            {"@type": "sc:Organization", "name": name}
            for name in sorted({str(entry["publisher"]) for entry in inputs})
        ],
        "distribution": [croissant_file(c, sums[c.table]) for c in contracts],
        "recordSet": [croissant_records(contract) for contract in contracts],
    }


def _dcat(
    contracts: Sequence[Contract],
    written: Sequence[WrittenMart],
    about: dict[str, str],
    licences: list[str],
    inputs: list[dict[str, Any]],
) -> dict[str, Any]:
    sizes = {mart.name: mart for mart in written}
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "spdx": "http://spdx.org/rdf/terms#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": "./",
        "@type": "dcat:Catalog",
        "dct:title": about["title"],
        "dct:description": about["description"],
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": about["title"]},
        "dcat:dataset": [
            {
                "@id": f"#{contract.table}",
                "@type": "dcat:Dataset",
                "dct:identifier": f"{about['label']}/{contract.table}",
                "dct:title": contract.table,
                "dct:description": f"{contract.description} Grain: {contract.grain}.",
                "dcat:version": about["label"],
                "dct:source": sorted({str(entry["attribution"]) for entry in inputs}),
                "dcat:distribution": _distributions(contract, sizes[contract.table], licences),
            }
            for contract in contracts
        ],
    }


def _distributions(
    contract: Contract, mart: WrittenMart, licences: list[str]
) -> list[dict[str, Any]]:
    csv = f"{CSV_FOLDER}/{contract.csv_name}"
    kind = "application/gzip" if csv.endswith(".gz") else "text/csv"
    files = [(mart.file, "application/vnd.apache.parquet"), (csv, kind)]
    made: list[dict[str, Any]] = [
        {
            "@id": f"#{path}",
            "@type": "dcat:Distribution",
            "dct:title": path,
            "dcat:accessURL": {"@id": path},
            "dcat:downloadURL": {"@id": path},
            "dcat:mediaType": {"@id": f"{_MEDIA_TYPES}{media}"},
            # Each licence covers what comes from its publisher; which is which is in source_status.
            "dct:license": [_linked(_licence(name)) for name in licences],
        }
        for path, media in files
    ]
    made[0]["dcat:byteSize"] = {"@value": str(mart.size_bytes), "@type": "xsd:nonNegativeInteger"}
    made[0]["spdx:checksum"] = {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
        "spdx:checksumValue": mart.sha256,
    }
    return made


def _licence(name: str) -> str:
    return OGL if name == "OGL-UK-3.0" else name


def _linked(licence: str) -> Any:
    return {"@id": licence} if licence.startswith("https://") else licence
