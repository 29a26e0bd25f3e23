"""Checklists by type of contract: YAML files, their schema, the rules in them, and what becomes of their items."""
