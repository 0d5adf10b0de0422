"""The working database: its connection, registry tables, derived tables and outlines."""
