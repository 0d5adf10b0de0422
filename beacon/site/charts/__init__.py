"""Charts and maps as static SVG, drawn from numbers that a table beside them also shows.

What belongs here: scales, strips, panels and outlines. What does not: colours (the style sheet
has them, by class, so that dark mode and print follow), words, or reading a release.
"""
