"""Somebody who keeps every release and tries to work out what they hide.

`linear` is the attack itself, on any counts that add up; `files` reads what the files of a release
show; `returns_home` makes releases of returned counts in a moment, to be attacked. Nothing here
uses `beacon.disclosure`.
"""
