"""Disclosure control: small numbers of people are hidden, and cannot be worked out.

What belongs here: the rules for tables of counts (`cells`) and their application to indicators
made from counts that nobody has protected yet (`own_counts`). What does not: figures that their
publisher has protected already; those are never suppressed twice.
"""

from beacon.disclosure.cells import Breakdown, Hidden, Protected, Rule, protect

__all__ = ["Breakdown", "Hidden", "Protected", "Rule", "protect"]
