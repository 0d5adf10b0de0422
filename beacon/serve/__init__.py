"""Releases over HTTP (`beacon serve`) and for assistants (`beacon mcp`): they read and never write.

Needs the extra `serve` (FastAPI and the Model Context Protocol's package).
"""
