"""Rules about a file and its YAML; the loader reports them."""

from __future__ import annotations

from sfml.specs.problems import Severity
from sfml.specs.rules.cases import container, image, mounted, spec, top
from sfml.specs.rules.rule import Rule

_PLAIN = top("")
_SQL = """\
CREATE SERVICE web
  IN COMPUTE POOL pool
  FROM {kind} $$
spec:
  containers:
  - name: main
    image: /db/schema/repo/app:{{{{ tag }}}}
$${using};
"""

RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS001",
        title="The file cannot be read",
        severity=Severity.ERROR,
        why="The file does not exist, may not be opened, or is larger than the one megabyte that Snowflake "
        "takes "
        "as the text of a statement. It was not checked: this is not the same as being wrong.",
        wrong="# " + "x" * 2**20,
        right=_PLAIN,
    ),
    Rule(
        id="SPCS002",
        title="The file is not text",
        severity=Severity.ERROR,
        why="A spec is UTF-8 text (UTF-16 with a byte order mark is read too). It was not checked.",
        wrong="spec:\n  containers:\x00\n",
        right=_PLAIN,
    ),
    Rule(
        id="SPCS003",
        title="The file is not YAML",
        severity=Severity.ERROR,
        why="The YAML parser stopped here; nothing behind this place was checked.",
        wrong="spec:\n  containers:\n  - name: main\n      image: /db/schema/repo/app:1.0\n",
        right=_PLAIN,
    ),
    Rule(
        id="SPCS004",
        title="@ at the beginning of a value needs quotes",
        severity=Severity.ERROR,
        why="YAML reserves @, so a stage must stand in quotes.",
        wrong=mounted("source: stage\nstageConfig:\n  name: @db.schema.stage"),
        right=mounted('source: stage\nstageConfig:\n  name: "@db.schema.stage"'),
    ),
    Rule(
        id="SPCS005",
        title="A tab indents a line",
        severity=Severity.ERROR,
        why="YAML allows spaces only.",
        wrong="spec:\n\tcontainers: []\n",
        right=_PLAIN,
    ),
    Rule(
        id="SPCS006",
        title="A key stands twice in one map",
        severity=Severity.ERROR,
        why="Some parsers take the first of the two, some the last, and some refuse the file.",
        wrong=container("args: [serve]\nargs: [train]"),
        right=container("args: [serve, train]"),
    ),
    Rule(
        id="SPCS007",
        title="The merge key << is not understood everywhere",
        severity=Severity.WARNING,
        why="Merge keys belong to YAML 1.1 and are gone from 1.2. A spec that sfml renders is sent as "
        "JSON, where "
        "they are written out.",
        wrong=container("env: &base\n  MODE: train")
        + "  - name: other\n    image: /db/schema/repo/app:1.0\n    env:\n      <<: *base\n",
        right=container("env: &base\n  MODE: train")
        + "  - name: other\n    image: /db/schema/repo/app:1.0\n    env: *base\n",
    ),
    Rule(
        id="SPCS008",
        title="The document grows without bound",
        severity=Severity.ERROR,
        why="Anchors and aliases multiply to more than 100,000 values, an alias stands inside its own "
        "anchor, or "
        "the nesting is deeper than any spec's.",
        wrong="spec: &loop\n  containers: *loop\n",
        right=_PLAIN,
    ),
    Rule(
        id="SPCS009",
        title="There is nothing to check",
        severity=Severity.ERROR,
        why="The file holds no document, or an empty one; or no specification was found in the SQL.",
        wrong="# a comment and nothing else\n",
        right=_PLAIN,
    ),
    Rule(
        id="SPCS010",
        title="yes, no, on and off are not the same to every parser",
        severity=Severity.WARNING,
        why="They are booleans in YAML 1.1 and text in YAML 1.2.",
        wrong=container("env:\n  VERBOSE: yes"),
        right=container('env:\n  VERBOSE: "yes"'),
    ),
    Rule(
        id="SPCS011",
        title="A number or date does not arrive as it is written",
        severity=Severity.WARNING,
        why="0644 is 420, 12:30 is 750 and 1.10 is 1.1 to a YAML parser; a date has no form in JSON.",
        wrong=container("env:\n  VERSION: 1.10"),
        right=container('env:\n  VERSION: "1.10"'),
    ),
    Rule(
        id="SPCS012",
        title="A key is not text",
        severity=Severity.ERROR,
        why="Lists and maps cannot be keys; most often a brace at the beginning of a value was meant as "
        "text.",
        wrong=container("env:\n  {[a, b]: c}"),
        right=container("env:\n  {a: c}"),
    ),
    Rule(
        id="SPCS013",
        title="A placeholder has not been filled in",
        severity=Severity.WARNING,
        why="Text in angle brackets, such as <repository_url>, is what examples leave to the reader.",
        wrong=image("<repository_url>/app:1.0"),
        right=image("/db/schema/repo/app:1.0"),
    ),
    Rule(
        id="SPCS014",
        title="A template expression in a plain specification",
        severity=Severity.WARNING,
        why="FROM SPECIFICATION takes the text as it is; only FROM SPECIFICATION_TEMPLATE … USING fills in "
        "{{ variables }}.",
        wrong=_SQL.format(kind="SPECIFICATION", using=""),
        right=_SQL.format(kind="SPECIFICATION_TEMPLATE", using=" USING (tag => '1.0')"),
    ),
    Rule(
        id="SPCS015",
        title="A suppression suppresses nothing",
        severity=Severity.WARNING,
        why="The comment names a rule that does not exist or that is not broken there.",
        wrong=_PLAIN.replace("app:1.0", "app:1.0  # sfml: ignore[SPCS042]"),
        right=_PLAIN.replace("app:1.0", "app:latest  # sfml: ignore[SPCS042]"),
    ),
    Rule(
        id="SPCS016",
        title="A comment for sfml is not understood",
        severity=Severity.WARNING,
        why="`# sfml: family=GPU_NV_S kind=job` says what the spec is to run on, `# sfml: ignore[SPCS042]` "
        "which "
        "rule not to report on this line, or on the next one if the comment stands alone.",
        wrong="# sfml: famly=GPU_NV_S\n" + _PLAIN,
        right="# sfml: kind=service\n" + spec("endpoints:\n- name: web\n  port: 8080"),
    ),
)
