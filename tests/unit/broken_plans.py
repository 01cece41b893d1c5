"""Plans with one fault each: what is changed in a right plan, and the whole message that has to follow."""
# ruff: noqa: E501 - a message is one line

from typing import NamedTuple

PLAN = """\
version: 1
project: venture
setup: [uv sync]
surroundings:
  copy: [.env]
  env: {APP_ENV: test}
agents:
  stand-in:
    command: python3 agent.py {tree}
    limit: 300
agent: stand-in
milestones:
  - id: M1
    service: control-plane-api
    track: A
    description: Core control plane and API
    branch: feat/venture-m1-control-plane
    tree: ../venture-wt-m1-control
    scope: ctrl
  - id: M3
    service: treasury-api
    track: B
    description: Treasury ledger and payout
    branch: feat/venture-m3-treasury-api
    tree: ../venture-wt-m3-treasury
    scope: treasury
    needs: [M1]
    owns: [app/treasury/**]
    requirements:
      - id: FR-VNT-TREAS-003
        title: spend authorization gate
        test: tests/unit/test_treasury.py::test_spend
        issue: 42
    checks:
      unit: pytest tests/unit -v
      full: {run: pytest tests, limit: 900}
"""
BRANCH = "feat/venture-m3-treasury-api"
TREE = "../venture-wt-m3-treasury"


class Broken(NamedTuple):
    """What is replaced in PLAN by what, and the faults that are reported, each as `line: trail: message`."""

    name: str
    old: str
    new: str
    faults: tuple[str, ...]


def broken(name: str, old: str, new: str, *faults: str) -> Broken:
    """One broken plan."""
    assert PLAN.count(old) == 1, f"{name}: {old!r} stands in the plan {PLAN.count(old)} times"
    return Broken(name, old, new, faults)


# fmt: off
BROKEN = (
    broken("unknown key at the top", "project: venture", "project: venture\nmilestone: x",
           "3: unknown key 'milestone'; did you mean 'milestones'?"),
    broken("misspelt key", "    needs: [M1]", "    need: [M1]",
           "27: M3: unknown key 'need'; did you mean 'needs'?"),
    broken("misspelt required key", "    scope: treasury", "    scop: treasury",
           "20: M3: 'scope' is missing",
           "26: M3: unknown key 'scop'; did you mean 'scope'?"),
    broken("unknown key without a near one", "    needs: [M1]", "    colour: red",
           "27: M3: unknown key 'colour'"),
    broken("missing key", "    scope: treasury\n", "",
           "20: M3: 'scope' is missing"),
    broken("missing id", "  - id: M3\n    service: treasury-api", "  - service: treasury-api",
           "20: milestones[1]: 'id' is missing"),
    broken("missing project", "project: venture\n", "",
           "1: 'project' is missing"),
    broken("missing milestones", PLAN, "version: 1\nproject: venture\n",
           "1: 'milestones' is missing"),
    broken("no milestones", PLAN, "version: 1\nproject: venture\nmilestones: []\n",
           "3: milestones: is empty; it needs at least one entry"),
    broken("value left out", "    description: Treasury ledger and payout", "    description:",
           "23: M3.description: has no value; give it one or take its line out"),
    broken("null", "    scope: treasury", "    scope: null",
           "26: M3.scope: has no value; give it one or take its line out"),
    broken("nothing in a list", "    needs: [M1]", "    needs:\n      -",
           "28: M3.needs[0]: has no value; give it one or take its line out"),
    broken("newer version", "version: 1", "version: 2",
           "1: version: '2' is not 1, the only version so far"),
    broken("quoted number", "issue: 42", 'issue: "42"',
           "33: M3.FR-VNT-TREAS-003.issue: '42' is not an issue's number, from 1 to 999999999; a number has no quotes"),
    broken("number written as a word", "issue: 42", "issue: forty",
           "33: M3.FR-VNT-TREAS-003.issue: 'forty' is not an issue's number, from 1 to 999999999"),
    broken("octal number", "    limit: 300", "    limit: 0o12",
           "10: agents.stand-in.limit: '0o12' is not a number of seconds, from 1 to 604800 (a week)"),
    broken("number with underscore", "limit: 900", "limit: 1_000",
           "36: M3.checks.full.limit: '1_000' is not a number of seconds, from 1 to 604800 (a week)"),
    broken("huge number", "issue: 42", "issue: 999999999999999999999999999999",
           "33: M3.FR-VNT-TREAS-003.issue: '999999999999999999999999999999' is not an issue's number, from 1 to 999999999"),
    broken("limit of nothing", "limit: 300", "limit: 0",
           "10: agents.stand-in.limit: '0' is not a number of seconds, from 1 to 604800 (a week)"),
    broken("too many ports", "  copy: [.env]", "  ports: 101",
           "5: surroundings.ports: '101' is not a number of ports, from 0 to 100"),
    broken("unknown service", "limit: 900}", "services: [redys]}",
           "36: M3.checks.full.services[0]: 'redys' is not one of nats, postgres, redis; did you mean 'redis'?"),
    broken("service twice", "limit: 900}", "services: [redis, redis]}",
           "36: M3.checks.full.services[1]: 'redis' is already among these services"),
    broken("more services than ports", "  env: {APP_ENV: test}", "  ports: 1\nchecks: {all: {run: pytest, services: [redis, nats, postgres]}}",
           "7: checks.all.services[1]: these services take 3 ports, and surroundings.ports is 1"),
    broken("text for a list", "    needs: [M1]", "    needs: M1",
           "27: M3.needs: a list is needed here, not text"),
    broken("list for a text", "    scope: treasury", "    scope: [treasury]",
           "26: M3.scope: text is needed here, not a list; text that begins with { or [ needs quotes"),
    broken("text for a mapping", "  env: {APP_ENV: test}", "  env: test",
           "6: surroundings.env: a mapping is needed here, not text"),
    broken("list at the top", PLAN, "- version: 1\n",
           "1: a mapping is needed here, not a list"),
    broken("text at the top", PLAN, "hello\n",
           "1: a mapping is needed here, not text"),
    broken("empty file", PLAN, "",
           "1: the file is empty; a plan begins with `version: 1`"),
    broken("only a comment", PLAN, "# nothing yet\n",
           "1: the file is empty; a plan begins with `version: 1`"),
    broken("lower-case id", "  - id: M3", "  - id: m3",
           "20: milestones[1].id: 'm3' is not M and a number, such as M3"),
    broken("duplicate id", "  - id: M3", "  - id: M1",
           "20: M1.id: 'M1' is already used in line 13",
           "24: M1.branch: 'feat/venture-m3-treasury-api' is not feat/venture-m1-<name>: it carries another milestone's number",
           "25: M1.tree: '../venture-wt-m3-treasury' is not ../venture-wt-m1-<name>: it carries another milestone's number"),
    broken("duplicate branch", BRANCH, "feat/venture-m1-control-plane",
           "24: M3.branch: 'feat/venture-m1-control-plane' is already used in line 17",
           "24: M3.branch: 'feat/venture-m1-control-plane' is not feat/venture-m3-<name>: it carries another milestone's number"),
    broken("duplicate tree", TREE, "../venture-wt-m1-control",
           "25: M3.tree: '../venture-wt-m1-control' is already used in line 18",
           "25: M3.tree: '../venture-wt-m1-control' is not ../venture-wt-m3-<name>: it carries another milestone's number"),
    broken("duplicate requirement", "    scope: ctrl", "    scope: ctrl\n    requirements: [{id: FR-VNT-TREAS-003, title: x}]",
           "31: M3.FR-VNT-TREAS-003.id: 'FR-VNT-TREAS-003' is already used in line 20"),
    broken("duplicate key", "    track: B", "    track: B\n    track: C",
           "23: 'track' is already given in line 22"),
    broken("need of nobody", "needs: [M1]", "needs: [M7]",
           "27: M3.needs[0]: 'M7' is no milestone of this plan"),
    broken("need of itself", "needs: [M1]", "needs: [M3]",
           "27: M3.needs[0]: the circle M3 -> M3 leaves no order to land in"),
    broken("circle of needs", "    scope: ctrl", "    scope: ctrl\n    needs: [M3]",
           "20: M1.needs[0]: the circle M1 -> M3 -> M1 leaves no order to land in"),
    broken("feature branch", BRANCH, "feature/treasury",
           "24: M3.branch: 'feature/treasury' is not feat/venture-m3-<name>: feature/ is spelled feat/ here"),
    broken("wip branch", BRANCH, "wip/treasury",
           "24: M3.branch: 'wip/treasury' is not feat/venture-m3-<name>: what is in progress is not ready for production"),
    broken("shared branch", BRANCH, "develop",
           "24: M3.branch: 'develop' is not feat/venture-m3-<name>: that branch is shared, a milestone's is its own"),
    broken("bare branch", BRANCH, "treasury-api",
           "24: M3.branch: 'treasury-api' is not feat/venture-m3-<name>: a bare name is too vague, it shows neither kind nor milestone"),
    broken("branch without a number", BRANCH, "feat/venture-treasury",
           "24: M3.branch: 'feat/venture-treasury' is not feat/venture-m3-<name>: -m<N>- is missing"),
    broken("vague branch", BRANCH, "feature-x",
           "24: M3.branch: 'feature-x' is not feat/venture-m3-<name>: a bare name is too vague, it shows neither kind nor milestone"),
    broken("other kind of branch", BRANCH, "fix/venture-m3-x",
           "24: M3.branch: 'fix/venture-m3-x' is not feat/venture-m3-<name>: a milestone's branch begins with feat/"),
    broken("branch like an option", BRANCH, "-b",
           "24: M3.branch: '-b' is not feat/venture-m3-<name>: git would take a leading - for an option"),
    broken("branch with .lock", BRANCH, BRANCH + ".lock",
           "24: M3.branch: 'feat/venture-m3-treasury-api.lock' is not feat/venture-m3-<name>: git refuses a part that ends in .lock"),
    broken("branch with ..", BRANCH, "feat/venture-m3-a..b",
           "24: M3.branch: 'feat/venture-m3-a..b' is not feat/venture-m3-<name>: git refuses '..' in a branch"),
    broken("branch with a space", BRANCH, "feat/venture-m3-a b",
           "24: M3.branch: 'feat/venture-m3-a b' is not feat/venture-m3-<name>: git refuses spaces, control characters and ~ ^ : ? * [ \\ in a branch"),
    broken("branch with @{", BRANCH, '"feat/venture-m3-@{1}"',
           "24: M3.branch: 'feat/venture-m3-@{1}' is not feat/venture-m3-<name>: git gives @ a meaning of its own"),
    broken("branch that ends in a slash", BRANCH, BRANCH + "/",
           "24: M3.branch: 'feat/venture-m3-treasury-api/' is not feat/venture-m3-<name>: git refuses empty parts"),
    broken("branch with a capital", BRANCH, "feat/venture-m3-Treasury",
           "24: M3.branch: 'feat/venture-m3-Treasury' is not feat/venture-m3-<name>: the last part is lower-case words and digits joined by single hyphens"),
    broken("branch of another project", BRANCH, "feat/other-m3-treasury",
           "24: M3.branch: 'feat/other-m3-treasury' is not feat/venture-m3-<name>: it names another project"),
    broken("branch with another number", BRANCH, "feat/venture-m4-treasury",
           "24: M3.branch: 'feat/venture-m4-treasury' is not feat/venture-m3-<name>: it carries another milestone's number"),
    broken("branch too long", BRANCH, "feat/venture-m3-" + "x" * 200,
           "24: M3.branch: 'feat/venture-m3-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' has 216 characters, more than 200"),
    broken("tree inside the product", TREE, "trees/venture-wt-m3-x",
           "25: M3.tree: 'trees/venture-wt-m3-x' is not ../venture-wt-m3-<name>: a tree stands right beside the main checkout"),
    broken("tree elsewhere", TREE, "/tmp/venture-wt-m3-x",
           "25: M3.tree: '/tmp/venture-wt-m3-x' is not ../venture-wt-m3-<name>: a tree stands right beside the main checkout"),
    broken("tree two levels up", TREE, "../../venture-wt-m3-x",
           "25: M3.tree: '../../venture-wt-m3-x' is not ../venture-wt-m3-<name>: a tree stands right beside the main checkout"),
    broken("tree with another number", TREE, "../venture-wt-m4-treasury",
           "25: M3.tree: '../venture-wt-m4-treasury' is not ../venture-wt-m3-<name>: it carries another milestone's number"),
    broken("tree of another project", TREE, "../other-wt-m3-treasury",
           "25: M3.tree: '../other-wt-m3-treasury' is not ../venture-wt-m3-<name>: it names another project"),
    broken("tree without wt", TREE, "../venture-m3-treasury",
           "25: M3.tree: '../venture-m3-treasury' is not ../venture-wt-m3-<name>: -wt-m<N>- is missing"),
    broken("absolute path to copy", "copy: [.env]", "copy: [/etc/passwd]",
           "5: surroundings.copy[0]: '/etc/passwd' is refused: it is not relative to the checkout"),
    broken("home path to copy", "copy: [.env]", "copy: [~/.netrc]",
           "5: surroundings.copy[0]: '~/.netrc' is refused: it is not relative to the checkout"),
    broken("path that leaves the checkout", "copy: [.env]", "copy: [a/../../b]",
           "5: surroundings.copy[0]: 'a/../../b' is refused: it leaves the checkout"),
    broken("link that leaves the checkout", "copy: [.env]", "link: [..]",
           "5: surroundings.link[0]: '..' is refused: it leaves the checkout"),
    broken("drive letter", "copy: [.env]", "copy: ['C:/x']",
           "5: surroundings.copy[0]: 'C:/x' is refused: it is not relative to the checkout"),
    broken("backslash", "copy: [.env]", "copy: ['a\\b']",
           "5: surroundings.copy[0]: 'a\\\\b' is refused: folders are separated by /, not by a backslash"),
    broken("git's own files", "copy: [.env]", "copy: [.git/config]",
           "5: surroundings.copy[0]: '.git/config' is refused: git's own files are not touched"),
    broken("whole checkout", "copy: [.env]", "copy: [.]",
           "5: surroundings.copy[0]: '.' is refused: it has an empty part or a '.'"),
    broken("folder with a slash at its end", "copy: [.env]", "copy: [config/]",
           "5: surroundings.copy[0]: 'config/' is refused: it has an empty part or a '.'"),
    broken("NUL in a path", "copy: [.env]", 'copy: ["a\\0b"]',
           "5: the control character '\\x00' cannot stand here"),
    broken("line break in a path", "copy: [.env]", 'copy: ["a\\nb"]',
           "5: surroundings.copy[0]: 'a\\nb' is not a line of text"),
    broken("touched glob that escapes", "owns: [app/treasury/**]", "may_touch: [/etc/**]",
           "28: M3.may_touch[0]: '/etc/**' is refused: it is not relative to the checkout"),
    broken("schema glob that escapes", "agent: stand-in\n", "agent: stand-in\nschema: {paths: [app/events/**, ../x]}\n",
           "12: schema.paths[1]: '../x' is refused: it leaves the checkout"),
    broken("unknown key of the schema", "agent: stand-in\n", "agent: stand-in\nschema: {path: [app/events/**]}\n",
           "12: schema: unknown key 'path'; did you mean 'paths'?"),
    broken("scope twice", "agent: stand-in\n", "agent: stand-in\nscopes:\n  - events\n  - events\n",
           "14: scopes[1]: 'events' is already used in line 13"),
    broken("scope with a capital", "agent: stand-in\n", "agent: stand-in\nscopes: [Events]\n",
           "12: scopes[0]: 'Events' is not a name of a-z, 0-9 and -, beginning with a letter"),
    broken("owned glob that escapes", "owns: [app/treasury/**]", "owns: [../other/**]",
           "28: M3.owns[0]: '../other/**' is refused: it leaves the checkout"),
    broken("test that escapes", "tests/unit/test_treasury.py::test_spend", "../test_x.py::test_spend",
           "32: M3.FR-VNT-TREAS-003.test: '../test_x.py' is refused: it leaves the checkout"),
    broken("test like an option", "test: tests/unit/test_treasury.py::test_spend", "test: --version",
           "32: M3.FR-VNT-TREAS-003.test: '--version' is refused: programs would take a leading - for an option"),
    broken("git's variable", "APP_ENV: test", "GIT_DIR: /x",
           "6: surroundings.env: 'GIT_DIR' is not a name of A-Z, 0-9 and _ that is not git's or staddle's own (GIT_..., STADDLE_...)"),
    broken("staddle's variable", "APP_ENV: test", "STADDLE_UNIT: x",
           "6: surroundings.env: 'STADDLE_UNIT' is not a name of A-Z, 0-9 and _ that is not git's or staddle's own (GIT_..., STADDLE_...)"),
    broken("lower-case variable", "APP_ENV: test", "app_env: test",
           "6: surroundings.env: 'app_env' is not a name of A-Z, 0-9 and _ that is not git's or staddle's own (GIT_..., STADDLE_...)"),
    broken("variable without a value", "APP_ENV: test", "APP_ENV: ",
           "6: surroundings.env.APP_ENV: has no value; give it one or take its line out"),
    broken("line break in a variable", "APP_ENV: test", 'APP_ENV: "a\\nb"',
           "6: surroundings.env.APP_ENV: 'a\\nb' is not a line of text, or nothing"),
    broken("unknown agent", "agent: stand-in", "agent: standin",
           "11: agent: 'standin' is none of the agents (stand-in); did you mean 'stand-in'?"),
    broken("no agents", "agents:\n  stand-in:\n    command: python3 agent.py {tree}\n    limit: 300\n", "agents: {}\n",
           "7: agents: is empty; it needs at least one entry"),
    broken("agent's name", "  stand-in:", "  Stand In:",
           "8: agents: 'Stand In' is not a name of a-z, 0-9 and -, beginning with a letter",
           "11: agent: 'stand-in' is none of the agents (Stand In); did you mean 'Stand In'?"),
    broken("unknown placeholder", "agent.py {tree}", "agent.py {tre}",
           "9: agents.stand-in.command: {tre} is none of the placeholders; did you mean 'tree'?"),
    broken("placeholder in shell text", "command: python3 agent.py {tree}", "command: {shell: 'echo {prompt}'}",
           "9: agents.stand-in.command: {prompt} is not filled into a shell's text, where quotes in it would be code"),
    broken("unquoted placeholder in a list", "command: python3 agent.py {tree}", "command: [python3, {tree}]",
           "9: agents.stand-in.command[1]: text is needed here, not a mapping; text that begins with { or [ needs quotes"),
    broken("unquoted placeholder first", "command: python3 agent.py {tree}", "command: {tree}/agent",
           "9: not YAML: expected <block end>, but found '<scalar>'; look at the indentation; text that begins with { or [ needs quotes"),
    broken("unknown way of standard input", "    limit: 300", "    stdin: promt",
           "10: agents.stand-in.stdin: 'promt' is not one of none, prompt; did you mean 'prompt'?"),
    broken("pipe", "pytest tests/unit -v", "pytest tests/unit | tee log",
           "35: M3.checks.unit: '|' means something to shells only, and none runs this; write it under `shell:`"),
    broken("semicolon", "pytest tests/unit -v", "cd tests; pytest",
           "35: M3.checks.unit: ';' means something to shells only, and none runs this; write it under `shell:`"),
    broken("redirection", "pytest tests/unit -v", "pytest > log",
           "35: M3.checks.unit: '>' means something to shells only, and none runs this; write it under `shell:`"),
    broken("open quote", "pytest tests/unit -v", "pytest -k 'a",
           "35: M3.checks.unit: a shell could not split this: no closing quotation"),
    broken("no program", "unit: pytest tests/unit -v", "unit: ''",
           "35: M3.checks.unit: names no program to run"),
    broken("empty list of words", "unit: pytest tests/unit -v", "unit: []",
           "35: M3.checks.unit: names no program to run"),
    broken("empty shell text", "unit: pytest tests/unit -v", "unit: {shell: ' '}",
           "35: M3.checks.unit: names no program to run"),
    broken("shell and more", "unit: pytest tests/unit -v", "unit: {shell: make, limit: 3}",
           "35: M3.checks.unit: a command is text, a list of words, or `shell:` with text and nothing else"),
    broken("misspelt key of a check", "limit: 900", "limits: 900",
           "36: M3.checks.full: unknown key 'limits'; did you mean 'limit'?"),
    broken("unknown evidence", "limit: 900", "evidence: xunit",
           "36: M3.checks.full.evidence: 'xunit' is not one of exit-code, junit; did you mean 'junit'?"),
    broken("check's name", "unit: pytest tests/unit -v", "Unit: pytest",
           "35: M3.checks: 'Unit' is not a name of a-z, 0-9 and -, beginning with a letter"),
    broken("set-up that is text", "setup: [uv sync]", "setup: uv sync",
           "3: setup: a list is needed here, not text"),
    broken("requirement's id", "FR-VNT-TREAS-003", "fr-003",
           "30: M3.requirements[0].id: 'fr-003' is not an id such as FR-VNT-TREAS-003"),
    broken("requirement's type", "issue: 42", "type: feature",
           "33: M3.FR-VNT-TREAS-003.type: 'feature' is not one of chore, docs, feat, fix, refactor, test; did you mean 'feat'?"),
    broken("title of two lines", "title: spend authorization gate", "title: |\n          spend\n          gate",
           "31: M3.FR-VNT-TREAS-003.title: 'spend\\ngate\\n' is not a line of text"),
    broken("text too long", "description: Treasury ledger and payout", "description: " + "x" * 201,
           "23: M3.description: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' has 201 characters, more than 200"),
    broken("project with a capital", "project: venture", "project: Venture",
           "2: project: 'Venture' is not a name of a-z, 0-9 and -, beginning with a letter"),
    broken("base that git refuses", "version: 1", "version: 1\nbase: -x",
           "2: base: '-x' cannot be a branch: git would take a leading - for an option"),
    broken("remote like an option", "version: 1", "version: 1\nremote: --upload-pack=x",
           "2: remote: '--upload-pack=x' is not a name such as origin"),
    broken("anchor and alias", "    track: A", "    track: &a A\n    x: *a",
           "15: anchors (&name) are not used here",
           "16: aliases (*name) are not used here; write the value out",
           "16: M1: unknown key 'x'"),
    broken("merge key", "    track: A", "    track: A\n    <<: {}",
           "16: merge keys (<<) are not used here; write the pairs out"),
    broken("tag", "    track: A", "    track: !!str A",
           "15: tags ('!!str') are not used here"),
    broken("python tag", "    track: A", "    track: !!python/object/apply:os.system [ls]",
           "15: tags ('!!python/object/apply:os.system') are not used here",
           "15: M1.track: text is needed here, not a list; text that begins with { or [ needs quotes"),
    broken("two documents", "  - id: M3", "---\n  - id: M3",
           "20: a second document begins here; the file holds one"),
    broken("list as a key", "    track: A", "    [track]: A",
           "13: M1: 'track' is missing",
           "15: a key is one word; a value that begins with { or [ needs quotes"),
    broken("tab", "    track: A", "\ttrack: A",
           "15: not YAML: found character '\\t' that cannot start any token; indent with spaces, not with tabs"),
    broken("colon in a text", "Treasury ledger and payout", "Treasury: ledger",
           "23: not YAML: mapping values are not allowed here; text that holds ': ' needs quotes; else look at the indentation"),
    broken("bracket left open", "needs: [M1]", "needs: [M1",
           "28: not YAML: expected ',' or ']', but got ':' (in what begins in line 27); a bracket or a comma is missing"),
    broken("control character", "Treasury ledger", "Treasury\x1b[31m ledger",
           "23: the control character '\\x1b' cannot stand here"),
    broken("escaped control character", "Treasury ledger and payout", '"\\e[31m"',
           "23: the control character '\\x1b' cannot stand here"),
    broken("escape without a character", "Treasury ledger and payout", '"\\UFFFFFFFF"',
           "23: not YAML: an escape or a directive holds a number that is too large"),
    broken("wrong indentation", "    track: B", "   track: B",
           "22: not YAML: expected <block end>, but found '<block mapping start>' (in what begins in line 13); look at the indentation; text that begins with { or [ needs quotes"),
)
