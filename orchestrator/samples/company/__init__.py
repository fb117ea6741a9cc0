"""Norrland Group, the sample company: a shop and an insurer in one MCP server of its own.

It stands for any real system Holdshort acts on, so nothing here knows Holdshort or Django: its own process
(`python -m orchestrator.samples.company`), its own SQLite file, and its own log of every call that reached it.
"""
