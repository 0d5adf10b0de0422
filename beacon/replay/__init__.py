"""The pipeline over objects that were landed before.

What belongs here: a release as of a past day, and the current release made again. What does not:
looking for new files, or anything that becomes current.
"""
