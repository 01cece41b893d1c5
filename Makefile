# The index of this repository's sessions: `make VERB ARGS="..."` is `nox -s VERB -- ...`.
VERBS := init plan worktrees path status prompts agents verify sync conflicts land train pr lint split-schema spawn rank reconcile sweep undo drill remove ci
OWN := test style demo faults agents-real bench

# A further word would be a goal of its own, and found to be none only after the verb has run.
ifneq ($(filter $(firstword $(MAKECMDGOALS)),$(VERBS)),)
ifneq ($(words $(MAKECMDGOALS)),1)
$(error write: make $(firstword $(MAKECMDGOALS)) ARGS="$(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))")
endif
endif

.DEFAULT_GOAL := help
.PHONY: help $(VERBS) $(OWN)

help: .venv/.installed
	@.venv/bin/nox -l

demo: override ARGS += $(AGENT:%=--agent %)

$(VERBS) $(OWN): .venv/.installed
	@.venv/bin/python -m nox -s $@ -- $(ARGS)

.venv/.installed: pyproject.toml
	@echo "installing into .venv ..." >&2
	@python3 -m venv .venv
	@.venv/bin/python -m pip install --quiet --editable '.[dev]'
	@touch $@
