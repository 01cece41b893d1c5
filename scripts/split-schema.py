"""Move a branch's changes of the schema to a branch of its own."""

from staddle.__main__ import launch

launch("split-schema")
