"""Measurements of Beacon: statistics beside peers, a rebuild beside its floor, start-up, growth.

Everything that is timed belongs here; no test times anything. `python -m benchmarks --help` says
how to run it, `docs/performance.md` what the figures mean.
"""
