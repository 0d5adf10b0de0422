"""The pages, one module a kind.

What belongs here: choosing what a page says and in which order. What does not: HTML (templates),
drawing (charts), or wording of single figures (`figures`, `words`).
"""
