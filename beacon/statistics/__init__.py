"""The statistics of public health, written from their published formulas.

What belongs here: methods that turn counts, populations and published values into values with
limits, judgements and reasons. What does not: reading official files, or knowing any indicator.
"""
