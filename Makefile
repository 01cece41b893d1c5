# The index of this repository's sessions: `make VERB ARGS="..."` is `nox -s VERB -- ...`.
VERBS := init plan worktrees path status prompts agents verify spawn rank reconcile sweep undo drill remove
OWN := test lint demo faults bench

.DEFAULT_GOAL := help
.PHONY: help $(VERBS) $(OWN)

help: .venv/.installed
	@.venv/bin/nox -l

$(VERBS) $(OWN): .venv/.installed
	@.venv/bin/python -m nox -s $@ -- $(ARGS)

.venv/.installed: pyproject.toml
	@echo "installing into .venv ..." >&2
	@python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet --editable '.[dev]'
	@touch $@
