"""Orders → their external references: `lookup`, `plan`, `attach`, and the `Shop` that they ask."""
