"""Releases: immutable, verifiable versions of all marts together.

What belongs here: building, publishing, listing, verifying and reading releases. What does not:
deriving the marts (`sql/marts`) or drawing pages from them.
"""

# Version of the contract with analysts: names and units never change within a major version.
CONTRACT_VERSION = "1.0"
