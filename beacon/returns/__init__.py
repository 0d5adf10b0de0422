"""Returns that organisations make where nothing is published: asked for, checked, accepted.

What belongs here: the templates, the check of a filled-in return, its acceptance into landing, and
putting the accepted returns of a home together for a run. What does not: the fields of a return
(`beacon.registry.local_returns`) or how returns become Place totals
(`beacon.sources.publishers.returned_tables`).
"""

from __future__ import annotations

from beacon.returns.accept import AcceptedReturn, accept_return, accepted_returns
from beacon.returns.check import CheckedReturn, check_return
from beacon.returns.collection import collect_returns
from beacon.returns.context import ReturnContext, ReturnKind, load_return_context
from beacon.returns.faults import Fault, ReturnRefusedError
from beacon.returns.template import csv_template, xlsx_template

__all__ = [
    "AcceptedReturn",
    "CheckedReturn",
    "Fault",
    "ReturnContext",
    "ReturnKind",
    "ReturnRefusedError",
    "accept_return",
    "accepted_returns",
    "check_return",
    "collect_returns",
    "csv_template",
    "load_return_context",
    "xlsx_template",
]
