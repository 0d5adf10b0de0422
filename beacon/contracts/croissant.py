"""The Croissant description of a table (MLCommons, 1.0): its Parquet file and its columns."""

from __future__ import annotations

from typing import Any

from beacon.contracts.model import Contract
from beacon.contracts.types import Family

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
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
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The JSON-LD context that the specification gives."""

_TYPES: dict[Family, str] = {
    "text": "sc:Text",
    "boolean": "sc:Boolean",
    "integer": "sc:Integer",
    "decimal": "sc:Float",
    "float": "sc:Float",
    "date": "sc:Date",
    "timestamp": "sc:DateTime",
}


def croissant_file(contract: Contract, sha256: str) -> dict[str, Any]:
    """The table's Parquet file.

    Args:
        contract: the table.
        sha256: hash of the file, which the specification requires.
    """
    name = f"{contract.table}.parquet"
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": contract.description,
        "contentUrl": name,
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def croissant_records(contract: Contract) -> dict[str, Any]:
    """The table's columns but outlines, for which Croissant has no type, and lists."""
    shown = [
        column
        for column in contract.columns
        if column.duck_type.family != "binary" and not column.duck_type.is_list
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": contract.table,
        "name": contract.table,
        "description": f"{contract.description} Grain: {contract.grain}.",
        "key": [{"@id": f"{contract.table}/{name}"} for name in contract.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{contract.table}/{column.name}",
                "name": column.name,
                "description": column.description
                + (f" Unit: {column.unit}." if column.unit else ""),
                "dataType": _TYPES[column.duck_type.family],
                "source": {
                    "fileObject": {"@id": f"{contract.table}.parquet"},
                    "extract": {"column": column.name},
                },
            }
            for column in shown
        ],
    }
