"""Curated facts: what is measured, for which areas, against which targets, from which series.

What belongs here: models and loading of `reference_data`. What does not: values, which come from
publishers' files.
"""

from beacon.registry.actions import Action
from beacon.registry.aspirations import Aspiration, AspirationFile
from beacon.registry.authorities import AuthorityRegister
from beacon.registry.base import Polarity, Programme, Sex, ValueType
from beacon.registry.bindings import Selection, SourceBinding
from beacon.registry.footprints import Area, Footprint, IntegratedCareBoard, Place
from beacon.registry.indicators import CancelledPeriod, Indicator, Measure, SeriesBreak
from beacon.registry.loading import (
    RegistryError,
    load_actions,
    load_aspirations,
    load_authorities,
    load_footprint,
    load_indicators,
    load_neighbourhood_forms,
    load_plus_groups,
    load_pocket_rules,
    load_successions,
    load_targets,
)
from beacon.registry.local_returns import COMMON_FIELDS, LocalReturn, ReturnField
from beacon.registry.neighbourhood_forms import NeighbourhoodForm
from beacon.registry.plus_groups import PlusGroup
from beacon.registry.pockets import PocketRule, PocketRules
from beacon.registry.successions import SuccessionRegister
from beacon.registry.targets import Target, TargetRegister

__all__ = [
    "COMMON_FIELDS",
    "Action",
    "Area",
    "Aspiration",
    "AspirationFile",
    "AuthorityRegister",
    "CancelledPeriod",
    "Footprint",
    "Indicator",
    "IntegratedCareBoard",
    "LocalReturn",
    "Measure",
    "NeighbourhoodForm",
    "Place",
    "PlusGroup",
    "PocketRule",
    "PocketRules",
    "Polarity",
    "Programme",
    "RegistryError",
    "ReturnField",
    "Selection",
    "SeriesBreak",
    "Sex",
    "SourceBinding",
    "SuccessionRegister",
    "Target",
    "TargetRegister",
    "ValueType",
    "load_actions",
    "load_aspirations",
    "load_authorities",
    "load_footprint",
    "load_indicators",
    "load_neighbourhood_forms",
    "load_plus_groups",
    "load_pocket_rules",
    "load_successions",
    "load_targets",
]
