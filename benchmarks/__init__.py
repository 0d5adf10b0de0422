"""Measurements of Beacon: against peers, against a floor, as work grows, and for its users.

What belongs here: everything that is timed. What does not: tests; none of them times anything.
`python -m benchmarks --help` runs it all; `docs/performance.md` says what the figures mean.
"""
