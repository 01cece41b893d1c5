"""Policy: the good and the bad of the convention, each bad one caught by the rule it breaks."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staddle.core.globs import matches
from staddle.core.message import as_committed, lint_message, parse
from staddle.core.model import COMMIT_TYPES, Milestone, Requirement
from staddle.core.policy import Finding, Level, lint_branch, lint_checkout, lint_paths
from staddle.edges.plans import load_plan

PLAN = load_plan(Path(__file__).parents[2] / "milestones.yaml").plan
M1, M3 = PLAN.milestone("m1"), PLAN.milestone("m3")
HEAD = "feat(treasury): FR-VNT-TREAS-003 "
GOOD_BODY = "\n\nValidates amount_cents against the prior authorization.\n\n"

# --- messages ----------------------------------------------------------------------------------------------------


def faults(text: str, milestone: Milestone | None = None, *, being_written: bool = False) -> list[tuple[str, str]]:
    """The rules that a message breaks, each with what is said of it."""
    found = lint_message(PLAN, text, "here", milestone, being_written=being_written)
    return [(one.rule, one.what) for one in found]


def rules(text: str, milestone: Milestone | None = None, *, being_written: bool = False) -> set[str]:
    return {rule for rule, _ in faults(text, milestone, being_written=being_written)}


CONVENTION_GOOD = (
    f"{HEAD}spend authorization gate{GOOD_BODY}Fixes: #42\n",
    "test(treasury): FR-VNT-TREAS-003 failing test\n\nTests that unregistered spend raises SpendNotAuthorized.\n",
    "feat(policy): FR-VNT-POLICY-002 tool allowlist validation\n\nDefault-deny: if tool not in allowlist, reject.\n",
    "fix(orch): FR-VNT-BUG-001 handle nil workflow_id in events\n\nEvent processing crashed on nil workflow_id.\n",
    "refactor(agent): consolidate task envelope parsing\n\nNo behavior change; improves code reuse.\n",
    "docs(treasury): update ledger invariant documentation\n\nClarify double-entry balance requirement.\n",
    "chore: upgrade nats dependency to 0.13.1\n\nPins NATS version to address performance issue.\n",
)
CONVENTION_BAD = {
    "update code": "'update code' is too vague: it fits any commit",
    "fix everything": "'fix everything' is too broad: a commit does one thing",
    "WIP": "what is in progress is not ready for production",
    "fr-003": "'fr-003' is too short: one word says too little",
    "feat: added new thing": "no requirement's id stands right after the colon, as a feat needs it",
}


@pytest.mark.parametrize("text", CONVENTION_GOOD)
def test_what_the_convention_calls_good_passes(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize("text", CONVENTION_BAD)
def test_what_the_convention_calls_bad_fails_with_a_reason_of_its_own(text: str) -> None:
    said = [what for _, what in faults(text)]
    assert CONVENTION_BAD[text] in said
    assert not {what for other, what in CONVENTION_BAD.items() if other != text} & set(said)


def test_a_message_without_requirement_and_service_is_told_both() -> None:
    assert rules("feat: added new thing") == {"scope", "requirement", "vague"}


GOOD = (
    f"{HEAD}refuse spends above the ceiling",
    "fix(events): FR-VNT-EVENT-001 keep the order of replayed events\n\nWhy it matters.\n\nfixes: #7",
    "test(integration): FR-VNT-INTEG-001 ledger after a failed spend",
    "docs(ctrl): Redis is optional",
    "chore(policy): drop python 3.9",
    f"refactor(agent): PostgreSQL pool{GOOD_BODY}Co-authored-by: Ada L <ada@example.invalid>\nFixes: #8",
    f"chore: format{' the sources' * 4}\n\nFixes are listed below; the wip label is gone.",
)
BAD = (
    ("", "empty"),
    ("WIP: feat(treasury): FR-VNT-TREAS-003 spend gate", "wip"),
    (f"{HEAD}[wip] spend gate", "wip"),
    ("feature(treasury): FR-VNT-TREAS-003 spend gate", "type"),
    ("feat(treasury)!: FR-VNT-TREAS-003 spend gate", "format"),
    ("feat(treasury):FR-VNT-TREAS-003 spend gate", "format"),
    ("docs: explain the ledger", "scope"),
    ("docs(tresury): explain the ledger", "scope"),
    ("feat(treasury): spend gate FR-VNT-TREAS-003", "requirement"),
    ("docs(treasury): fr-vnt-treas-3 explain the ledger", "requirement"),
    (f"{HEAD}various fixes", "vague"),
    (HEAD + "x " * 30, "length"),
    (f"{HEAD}spend gate.", "full-stop"),
    (f"{HEAD}Adds the spend gate", "case"),
    (f"{HEAD}spend gate\nright below", "blank-line"),
    (f"{HEAD}spend gate{GOOD_BODY}Fixes #42", "trailer"),
)


@pytest.mark.parametrize("text", GOOD)
def test_a_good_message_passes(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(("text", "rule"), BAD)
def test_a_bad_message_breaks_one_rule(text: str, rule: str) -> None:
    assert rules(text) == {rule}


def test_a_wrong_type_and_scope_are_told_with_what_was_meant() -> None:
    assert faults("doc(tresury): explain the ledger") == [
        ("type", "'doc' is no type; did you mean 'docs'?"),
        ("scope", "'tresury' is no scope; did you mean 'treasury'?"),
    ]


def test_the_first_line_has_seventy_two_characters_at_most() -> None:
    text = HEAD + "spend " + "x" * (72 - len(HEAD) - 6)
    assert rules(text) == set()
    assert faults(f"{text}x") == [("length", "the first line has 73 characters, more than 72")]


def test_a_requirement_of_another_milestone_is_refused_where_the_branch_is_known() -> None:
    text = f"{HEAD}spend gate"
    assert (rules(text), rules(text, M3)) == (set(), set())
    assert faults(text, M1) == [("requirement", "FR-VNT-TREAS-003 is M3's, and this is the branch of M1")]


def test_a_requirement_that_no_milestone_declares_is_anybodys() -> None:
    assert rules("fix(orch): FR-VNT-BUG-001 handle nil workflow_id", M1) == set()


def test_the_hint_is_a_right_first_line() -> None:
    (found,) = lint_message(PLAN, "feat(treasury): spend gate", "here", M3)
    assert found.hint == "feat(treasury): FR-VNT-TREAS-003 spend authorization gate"


TRAILERS = {
    "Fixes #42": "Fixes: #42",
    "fixes: 42": "Fixes: #42",
    "Fix: #42": "Fixes: #42",
    "Fixes: issue 42.": "Fixes: #42",
    "Fixes:#42": "Fixes: #42",
    "Fixes: #42, #43": "Fixes: #42",
    "Co-authored-by: Name": "Co-Authored-By: Name <email>",
    "Co-Authored-By: <a@example.invalid>": "Co-Authored-By: Name <a@example.invalid>",
    "Coauthor: Ada <a@example.invalid>": "Co-Authored-By: Ada <a@example.invalid>",
    "Co-Authored By Ada": "Co-Authored-By: Ada <email>",
}


@pytest.mark.parametrize("line", TRAILERS)
def test_what_is_nearly_a_trailer_is_told_with_the_right_spelling(line: str) -> None:
    (found,) = lint_message(PLAN, f"chore: drop python 3.9\n\n{line}\n", "here")
    assert (found.rule, found.hint) == ("trailer", TRAILERS[line])


@pytest.mark.parametrize("below", ["Fixes: #42\n\nWhy it matters.", "Why it matters.\nFixes: #42"])
def test_a_trailer_outside_the_last_paragraph_is_text_to_git(below: str) -> None:
    said = "git takes 'Fixes: #42' for text: trailers are the last paragraph, of their own"
    assert faults(f"chore: drop python 3.9\n\n{below}") == [("trailer", said)]


@pytest.mark.parametrize(
    "below", ["", "Other-Key: x\n", "continued: by\n  the next line\n", "one\nSigned-off-by: A <a@b>\n"]
)
def test_trailers_stand_beside_others(below: str) -> None:
    assert faults(f"chore: drop python 3.9\n\n{below}Fixes: #42") == []


@pytest.mark.parametrize("text", ['Revert "feat: anything."', 'Reapply "feat: anything."\n\nThis reverts commit 1.'])
def test_what_git_writes_of_reverts_passes(text: str) -> None:
    assert rules(text) == set()


@pytest.mark.parametrize("text", ["fixup! chore: x", "squash! x", "amend! x"])
def test_fixups_pass_while_they_are_written_alone(text: str) -> None:
    assert rules(text, being_written=True) == set()
    assert faults(text) == [("autosquash", "it waits to be squashed: autosquash them first")]


def test_a_merges_own_message_passes_while_it_is_written() -> None:
    assert rules("Merge branch 'a' into b", being_written=True) == set()
    assert "type" in rules("Merge everything", being_written=True)


def test_comments_and_what_is_below_the_scissors_are_not_of_the_message() -> None:
    text = "chore: x\n# a comment\n\nwhy #1\n# ------------------------ >8 ------------------------\ndiff --git\n"
    assert as_committed(text) == "chore: x\n\nwhy #1"
    assert as_committed("; c\n# kept", ";") == "# kept"


@given(st.text(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_text_is_too_much(text: str, being_written: bool) -> None:
    for one in (text, f"feat(treasury): {text}", f"chore: x y\n\n{text}", f"chore: x y\n\nFixes: {text}"):
        lint_message(PLAN, as_committed(one), "here", M3, being_written=being_written)
        parse(one)


TITLES = st.text(min_size=1, max_size=200).filter(lambda text: "\n" not in text and bool(text.strip()))


@given(TITLES, st.sampled_from(COMMIT_TYPES), st.integers(1, 999))
@settings(max_examples=200, deadline=None)
def test_the_message_of_a_requirement_passes(title: str, kind: str, number: int) -> None:
    requirement = Requirement(f"FR-X-{number:03}", title, type=kind)  # type: ignore[arg-type]
    milestone = msgspec.structs.replace(M3, requirements=(requirement,))
    plan = msgspec.structs.replace(PLAN, milestones=(M1, milestone))
    assert lint_message(plan, requirement.message(milestone.scope), "here", milestone) == []


def test_hostile_lines_take_no_time() -> None:
    for line in ("fix" + ":" * 50_000 + "x", "coauthor" + " " * 50_000 + "x", "FR" + "-A" * 50_000, "(" * 50_000):
        rules(f"feat(treasury): {line}\n\n{line}")


# --- branches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("branch", [*(one.branch for one in PLAN.milestones), "chore/venture-schema-events"])
def test_a_branch_of_the_plan_is_right(branch: str) -> None:
    assert lint_branch(PLAN, branch) == []


@pytest.mark.parametrize(
    ("branch", "why", "meant"),
    [
        ("feature/treasury", "feature/ is spelled feat/ here", "feat/venture-m3-treasury-api"),
        ("wip/orch", "not ready for production", "feat/venture-m7-venture-orchestrator"),
        ("feat/venture-m3-treasury", "no branch of the plan's milestones", "feat/venture-m3-treasury-api"),
        ("chore/schema-events", "is not chore/venture-schema-<name>", "chore/venture-schema-events"),
        ("develop", "that branch is shared, a milestone's is its own", None),
        ("feature-x", "a bare name is too vague", None),
        ("feat/venture-m9-audit", "no branch of the plan's milestones", None),
        ("pqa/run42-b1", "pqa/ is staddle's own", None),
        ("chore/tidy", "chore/ is for changes of the schema alone", None),
        ("feat/a..b", "git refuses '..' in a branch", None),
    ],
)
def test_a_wrong_branch_is_told_why_and_what_was_meant(branch: str, why: str, meant: str | None) -> None:
    (found,) = lint_branch(PLAN, branch)
    assert found.rule == "branch"
    assert why in found.what
    assert found.hint == (f"git branch -m {branch} {meant}" if meant else "staddle plan")


@pytest.mark.parametrize(
    ("branch", "what"),
    [
        (M3.branch, "it is on M3's branch feat/venture-m3-treasury-api"),
        ("main", "it is on 'main', not on its own branch"),
        (None, "it is on no branch"),
    ],
)
def test_a_tree_has_its_own_branch_checked_out(branch: str | None, what: str) -> None:
    todo = 'cd "$(staddle path m1)" && git switch feat/venture-m1-control-plane'
    assert lint_checkout(PLAN, M1, branch) == [Finding("checkout", "tree of m1", what, todo)]


# --- paths -------------------------------------------------------------------------------------------------------


def test_a_schema_file_goes_first_on_a_branch_of_its_own() -> None:
    paths = ["app/events/models.py", "app/treasury/gate.py"]
    what = "app/events/models.py is of the schema, which lands first, from its own branch"
    assert lint_paths(PLAN, M3.branch, paths) == [Finding("schema-first", "m3", what, "staddle split-schema m3")]
    (other_way,) = lint_paths(PLAN, "chore/venture-schema-events", paths)
    assert other_way.rule == "schema-only"
    assert other_way.what == "a schema branch changes schema files alone, not app/treasury/gate.py"


def test_what_another_milestone_owns_is_left_to_it() -> None:
    (found,) = lint_paths(PLAN, M3.branch, ["app/policy/a.py", "app/policy/b/c.py", "app/treasury/x.py"])
    assert (found.rule, found.level) == ("ownership", Level.ERROR)
    assert found.what == "app/policy/a.py, app/policy/b/c.py are M2's"


def test_what_a_milestone_may_touch_is_its_to_change() -> None:
    trusted = msgspec.structs.replace(M3, may_touch=("app/policy/**",))
    plan = msgspec.structs.replace(PLAN, milestones=(*PLAN.milestones[:2], trusted))
    assert lint_paths(plan, M3.branch, ["app/policy/a.py"]) == []


def test_what_nobody_owns_is_merely_told() -> None:
    (found,) = lint_paths(PLAN, M3.branch, [f"docs/{number}.md" for number in range(5)])
    assert (found.rule, found.level) == ("unowned", Level.WARNING)
    assert found.what == "docs/0.md, docs/1.md, docs/2.md and 2 more are nobody's"


def test_of_other_branches_paths_nothing_is_known() -> None:
    assert lint_paths(PLAN, "main", ["app/events/models.py"]) == []


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("app/x/**", ["app/x/a", "app/x/b/c"], ["app/x", "app/x2/a", "y/app/x/a"]),
        ("app/treasury", ["app/treasury", "app/treasury/b/c"], ["app/treasury2"]),
        ("**/*.proto", ["a.proto", "a/b/c.proto"], ["a.proto2", "a/proto"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "b/a/z", "az"]),
        ("a/**/m/**/z", ["a/m/z", "a/b/m/c/d/z"], ["a/z"]),
        ("*.md", ["README.md"], ["docs/README.md"]),
        ("a?[bc].py", ["axb.py"], ["a/b.py", "axd.py"]),
        ("**", ["a", "a/b"], []),
        ("a/./b", [], ["a/b"]),
        ("a\n*", ["a\nb"], ["ab"]),
    ],
)
def test_a_glob_means(glob: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not matches(path, (glob,))] == []
    assert [path for path in no if matches(path, (glob,))] == []


def test_a_hostile_glob_takes_no_time() -> None:
    assert not matches("a" * 4000 + "/" + "a/" * 2000, ("**/*a*a*a*a*a*a*a*a*b/" * 9 + "z",))
