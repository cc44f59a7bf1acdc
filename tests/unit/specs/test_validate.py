from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfml.errors import InputError
from sfml.specs.problems import Severity
from sfml.specs.rules.cases import container, image, spec, top
from sfml.specs.scope import Target
from sfml.specs.validate import Checked, check_bytes, check_file, check_sql, check_text, on_family
from spec_strategies import damaged_texts, near_specs


def lines(checked: Checked) -> list[tuple[str, int, int, str]]:
    return [(p.rule, p.line, p.column, p.path) for p in checked.problems]


def messages(text: str, rule: str) -> list[str]:
    return [f"{p.message} | {p.fix}" for p in check_text(text).problems if p.rule == rule]


def test_check__all_problems_of_a_file__come_at_once_sorted_by_line_and_rule() -> None:
    text = (
        "spec:\n  containers:\n  - name: Main\n    image: docker.io/app\n    ports: [80]\n"
        "  endpoint:\n  - name: web\n    prot: 80\n"
    )
    assert lines(check_text(text)) == [
        ("SPCS030", 3, 11, "containers[0].name"),
        ("SPCS041", 4, 12, "containers[0].image"),
        ("SPCS033", 5, 5, "containers[0].ports"),
        ("SPCS029", 6, 3, "endpoint"),
        ("SPCS130", 7, 5, "endpoint[0]"),
        ("SPCS020", 8, 5, "endpoint[0].prot"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (spec("serviceRole: []"), "unknown option 'serviceRole' for 'spec' | "),
        (spec("endpoints:\n- name: a\n  port: 1\n  auth: x"), "unknown option 'auth' for 'endpoints[0]' | "),
        (container("env_vars: {}"), "unknown option 'env_vars' for 'containers[0]' | "),
        (container("volume_mounts: []"), "did you mean 'volumeMounts'?"),
        (container("enviroment: {}"), "known here: name, image, command"),
        (top("capability: {}"), "unknown option 'capability' at the top | "),
        (container("readinesProbe: {}"), "did you mean 'readinessProbe'?"),
    ],
)
def test_check__unknown_option__is_named_as_the_server_does(text: str, message: str) -> None:
    (found,) = messages(text, "SPCS020")
    assert message in found


@pytest.mark.parametrize(
    ("text", "rule", "remedy"),
    [
        (container("readinessProbe:\n  httpGet: {}\n  port: 1\n  path: /"), "SPCS033", "write port and path"),
        (container("env:\n- name: A\n  value: b"), "SPCS047", "NAME: value"),
        (top("kind: Deployment"), "SPCS033", "CREATE SERVICE"),
        (spec("replicas: 3"), "SPCS034", "MIN_INSTANCES"),
        (spec("min_instances: 3"), "SPCS034", "MIN_INSTANCES"),
        (spec("capabilities: {}"), "SPCS032", "beside `spec`"),
        (container("memory: 2Gi"), "SPCS032", "resources"),
        (container("volumes: []"), "SPCS032", "one level up"),
        (container("command: python train.py"), "SPCS022", "[python, train.py]"),
        (spec('endpoints:\n- name: a\n  port: "8080"'), "SPCS023", "write 8080"),
        (spec('endpoints:\n- name: a\n  port: 1\n  public: "true"'), "SPCS022", "write true"),
        (spec("endpoints:\n- name: a\n  port: 1\n  protocol: tcp"), "SPCS132", "write TCP"),
        (container("resources:\n  requests:\n    memory: 2"), "SPCS080", "write 2Gi"),
        (container("resources:\n  requests:\n    memory: 2GiB"), "SPCS080", "write 2Gi"),
        (container("sessionTokenConfig:\n  path: /a\n  permission: 0600"), "SPCS069", ""),
        (spec("endpoints:\n- name: my_end\n  port: 1"), "SPCS030", "write my-end"),
        (spec("volumes:\n- name: d\n  source: stag"), "SPCS024", "write stage"),
        (image("{image_name}"), "SPCS022", "quotes"),
        (image("docker.io/library/redis:7"), "SPCS041", "push the image"),
    ],
)
def test_check__common_mistake__comes_with_its_remedy(text: str, rule: str, remedy: str) -> None:
    (found,) = messages(text, rule)
    assert remedy in found.partition(" | ")[2]


@pytest.mark.parametrize(
    "text",
    [
        container("env:\n  PORT: 8080\n  DEBUG: true\n  RATIO: 0.5"),
        container("command: [a]\nargs: [b]"),
        container("secrets:\n- snowflakeSecret: {objectReference: r}\n  directoryPath: /s"),
        container("resources:\n  requests: {cpu: 500m, memory: 0.5Gi}\n  limits: {cpu: '1.5', memory: 1G}"),
        spec("endpoints:\n- name: a\n  portRange: 32768-60999\n  protocol: TCP"),
        image("ORG-ACCT.registry.snowflakecomputing.com/Db/S/r/deep/er/app:1"),
        image("/snowflake/images/snowflake_images/st_plat/runtime/x86/runtime_image/snowbooks:1.8.0"),
        top("capabilities:\n  securityContext:\n    executeAsCaller: true"),
    ],
)
def test_check__documented_form__is_clean(text: str) -> None:
    assert check_text(text).problems == ()


def test_check__whole_spec_below_another_key__is_checked_in_place() -> None:
    text = "outer:\n  spec:\n    containers:\n    - name: a\n"
    assert lines(check_text(text)) == [
        ("SPCS032", 1, 1, "outer"),
        ("SPCS021", 4, 7, "outer.spec.containers[0]"),
    ]


@pytest.mark.parametrize("text", ["[]", "text", "- a\n- b", "42"])
def test_check__not_a_map__is_one_problem(text: str) -> None:
    assert [rule for rule, *_ in lines(check_text(text))] == ["SPCS022"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n---\n"])
def test_check__nothing__is_said(text: str) -> None:
    assert [rule for rule, *_ in lines(check_text(text))] == ["SPCS009"]


def test_check__several_documents__each_is_checked() -> None:
    checked = check_text(f"{top('')}---\n{image('/db/schema/repo/app')}")
    assert checked.specs == 2
    assert lines(checked) == [("SPCS042", 9, 12, "containers[0].image")]


def test_check__template_values__are_not_judged() -> None:
    text = (
        "spec:\n  containers:\n  - name: {{ name }}\n    image: /{{ db }}/s/r/app:{{ tag }}\n"
        "    env: {{ env }}\n"
        "    volumeMounts:\n    - name: {{ volume }}\n      mountPath: /data\n"
        "  endpoints: {{ endpoints }}\nserviceRoles:\n- name: app\n  endpoints: [web]\n"
    )
    assert check_text(text).problems == ()


def test_check__template_defaults__are_judged() -> None:
    assert lines(check_text(spec("endpoints:\n- name: web\n  port: {{ port | default(0) }}"))) == [
        ("SPCS023", 7, 11, "endpoints[0].port")
    ]


def test_check__numbers_in_env_and_args__keep_their_spelling() -> None:
    checked = check_text(
        container("env:\n  A: 1.10\n  B: 1.5\nargs: [1_000]\nresources:\n  limits: {cpu: 1.0}")
    )
    assert [(rule, line) for rule, line, *_ in lines(checked)] == [
        ("SPCS011", 6),
        ("SPCS011", 8),
        ("SPCS046", 8),
    ]


# --- what it runs on ---


def test_check__family__from_the_caller_or_a_comment() -> None:
    text = container("resources:\n  requests: {memory: 20Gi}")
    assert check_text(text).problems == ()
    assert lines(check_text(text, target=on_family("cpu_x64_xs")))[0][0] == "SPCS085"
    assert lines(check_text(f"# sfml: family=CPU_X64_XS\n{text}"))[0][0] == "SPCS085"


def test_check__requests__are_summed_with_the_side_containers() -> None:
    text = (
        "# sfml: family=CPU_X64_XS\nspec:\n  containers:\n"
        + "".join(
            f"  - name: c{i}\n    image: /d/s/r/a:1\n"
            "    resources:\n      requests: {memory: 2900Mi, cpu: 0.5}\n"
            "    volumeMounts:\n    - {name: data, mountPath: /data}\n"
            for i in range(2)
        )
        + "  volumes:\n  - name: data\n    source: stage\n    stageConfig: {name: '@s'}\n"
    )
    (problem,) = check_text(text).problems
    assert problem.rule == "SPCS085"
    assert "side containers 0.5" in problem.message


def test_on_family__unknown__suggests_a_known_one() -> None:
    with pytest.raises(InputError) as caught:
        on_family("GPU_NV_SS")
    assert "GPU_NV_S" in str(caught.value.hint)


def test_check__unknown_family_in_a_comment__is_a_problem() -> None:
    (problem,) = check_text(f"# sfml: family=HUGE\n{top('')}").problems
    assert (problem.rule, problem.severity) == ("SPCS016", Severity.WARNING)


# --- suppression ---


def test_suppression__own_line_or_next__hides_the_named_rules_only() -> None:
    here = image("/db/schema/repo/App  # sfml: ignore[SPCS042]")
    above = image("x").replace(
        "    image: x", "    # sfml: ignore[SPCS042, SPCS043]\n\n    image: /db/schema/repo/App"
    )
    assert [rule for rule, *_ in lines(check_text(here))] == ["SPCS043"]
    assert check_text(above).problems == ()


def test_suppression__of_nothing__is_reported() -> None:
    checked = check_text(image("/db/schema/repo/app:1  # sfml: ignore[SPCS042,SPCS999]"))
    assert [problem.message for problem in checked.problems] == [
        "the rule SPCS042 is not broken on the line",
        "the rule SPCS999 does not exist",
    ]


def test_suppression__inside_text__is_none() -> None:
    text = image("/db/schema/repo/app") + '    args: ["#sfml: ignore[SPCS042]"]\n'
    assert [rule for rule, *_ in lines(check_text(text))] == ["SPCS042"]


# --- SQL ---

SQL = """\
-- FROM SPECIFICATION $$ in a comment $$
CREATE COMPUTE POOL IF NOT EXISTS small MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS;
SELECT 'FROM SPECIFICATION $$', $$ other text; $$;
EXECUTE JOB SERVICE IN COMPUTE POOL small NAME = j FROM SPECIFICATION $$spec:
  containers:
  - name: main
    image: /db/schema/repo/app
    resources:
      requests: {memory: 8Gi}
  endpoints:
  - {name: web, port: 80, public: true}
$$;
CREATE SERVICE s IN COMPUTE POOL other FROM SPECIFICATION_TEMPLATE $$
spec:
  containers: []
$$ USING (a => 'b');
"""


def test_check_sql__specs__are_found_with_their_lines_kind_and_family() -> None:
    checked = check_sql(SQL, file="x.sql")
    assert checked.specs == 2
    assert [(rule, line) for rule, line, *_ in lines(checked)] == [
        ("SPCS085", 5),
        ("SPCS042", 7),
        ("SPCS150", 11),
        ("SPCS025", 15),
    ]


def test_check_sql__first_line__counts_the_columns_before_it() -> None:
    (problem,) = check_sql("CREATE SERVICE s FROM SPECIFICATION $$speck: 1$$").problems[:1]
    assert (problem.line, problem.column) == (1, 39)


def test_check_sql__expression_in_a_plain_specification__is_named_at_its_place() -> None:
    sql = "CREATE SERVICE s FROM SPECIFICATION $$\n" + image("/db/schema/repo/app:{{ tag }}") + "$$;"
    assert lines(check_sql(sql)) == [("SPCS014", 5, 32, "")]


def test_check_sql__no_specification__is_said() -> None:
    assert [rule for rule, *_ in lines(check_sql("SELECT 1"))] == ["SPCS009"]


# --- files ---


def test_check_file__missing__is_unreadable_and_not_invalid(tmp_path: Path) -> None:
    checked = check_file(tmp_path / "none.yaml")
    assert not checked.readable
    assert [rule for rule, *_ in lines(checked)] == ["SPCS001"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\xff\xfe\x00", "SPCS002"),
        (b"spec:\n  \xe9: 1\n", "SPCS002"),
        (b"a: \x00", "SPCS002"),
        (b"# \n" * 4_000_000, "SPCS001"),
    ],
    ids=["utf-16 cut", "latin-1", "zero byte", "12 MB"],
)
def test_check_bytes__not_a_text__is_unreadable(content: bytes, rule: str) -> None:
    checked = check_bytes(content, file="x.yaml")
    assert not checked.readable
    assert [found for found, *_ in lines(checked)] == [rule]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_check_bytes__encodings_of_yaml__are_read(encoding: str) -> None:
    assert check_bytes(top("").encode(encoding), file="x.yaml").problems == ()


def test_check_bytes__carriage_returns__do_not_shift_lines() -> None:
    content = spec("endpoints:\n- name: web\n  port: 0").replace("\n", "\r\n").encode()
    assert lines(check_bytes(content, file="x.yaml")) == [("SPCS023", 7, 11, "endpoints[0].port")]


@pytest.mark.parametrize("file", ["x.yaml", "x.sql"])
@given(content=st.binary(max_size=300))
def test_check_bytes__any_bytes__give_problems_only(file: str, content: bytes) -> None:
    checked = check_bytes(content, file=file)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in checked.problems)


@given(near_specs(), st.sampled_from(["", "job", "service"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_check_text__near_specs__give_problems_only(data: dict[str, Any], kind: str) -> None:
    target = Target(kind=kind, family=on_family("GPU_NV_S").family)
    check_text(json.dumps(data), target=target)


@given(damaged_texts())
@settings(max_examples=150)
def test_check_text__damaged_specs__give_problems_in_lines_of_the_text(text: str) -> None:
    last = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text)) + 1
    assert all(1 <= problem.line <= last for problem in check_text(text).problems)


# --- strangers' specs ---

CORPUS = Path(
    os.environ.get("SFML_TEST_SPEC_CORPUS", Path(__file__).parents[4] / "shared" / "corpus" / "specs")
)
# Every error on a spec that somebody published, checked by hand: all are right.
JUSTIFIED = {
    "SPCS003", "SPCS004",  # does not parse
    "SPCS022",  # documentation: `true | false`
    "SPCS024",  # metrics group `container`
    "SPCS030",  # '_' in names
    "SPCS032",  # everything below a service's name, a form of the first preview
    "SPCS040", "SPCS041",  # images of docker.io and quay.io in the same file
}  # fmt: skip


@pytest.mark.skipif(not CORPUS.is_dir(), reason="optional: no corpus of specs (SFML_TEST_SPEC_CORPUS)")
def test_check_file__strangers_specs__have_justified_errors_only() -> None:
    files = sorted(CORPUS.glob("*.y*ml"))
    assert len(files) > 50
    errors = [p for file in files for p in check_file(file).problems if p.severity is Severity.ERROR]
    assert [p for p in errors if p.rule not in JUSTIFIED] == []
    assert len({p.file for p in errors}) <= 15
