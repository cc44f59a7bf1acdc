"""From what a user names to a spec that may be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.errors import InputError
from sfml.services.source import Source, of_image, read, ready
from sfml.specs.scope import Target
from sfml.specs.validate import on_family

SPEC = "spec:\n  containers:\n  - name: main\n    image: /d/s/r/i:1\n"
LIBRARY = Path(__file__).parents[3] / "specs"


def test_read__template_of_the_library__is_rendered() -> None:
    found = read(
        "cpu-job",
        {"container_image": "/d/s/r/i:1", "instance_family": "CPU_X64_S", "memory": "4Gi"},
        library=LIBRARY,
    )
    assert "/d/s/r/i:1" in found.text
    assert found.family == "CPU_X64_S"


def test_read__values_for_a_plain_file__are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(SPEC)
    assert read(str(file), {}, library=LIBRARY).text == SPEC
    with pytest.raises(InputError, match="is no template"):
        read(str(file), {"a": 1}, library=LIBRARY)


def test_read__plain_file_with_expressions__says_which_line(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(SPEC.replace("i:1", "i:{{ tag }}"))
    with pytest.raises(InputError, match=":4: this is a template"):
        read(str(file), {}, library=LIBRARY)


def test_read__secret_expression__stays_for_snowflake(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(SPEC + "    env: {A: '{{secret.x.secret_string}}'}\n")
    found = ready(read(str(file), {}, library=LIBRARY), Target(kind="job"))
    assert found.data["spec"]["containers"][0]["env"] == {"A": "{{secret.x.secret_string}}"}


def test_ready__several_errors__are_all_told_with_their_lines() -> None:
    text = SPEC.replace("main", "Main").replace("/d/s/r/i:1", "i:1")
    with pytest.raises(InputError, match="2 errors; nothing was sent") as raised:
        ready(Source(name="a.yaml", text=text), Target(kind="job"))
    assert "a.yaml:3:11: error SPCS030" in str(raised.value.hint)
    assert "a.yaml:4:12: error" in str(raised.value.hint)


def test_ready__warnings__are_kept_and_do_no_harm() -> None:
    found = ready(Source(name="a.yaml", text=SPEC.replace(":1", "")), Target(kind="job"))
    assert "SPCS042" in found.warnings[0]


def test_ready__pool_decides__not_the_comment_that_the_spec_was_written_with() -> None:
    text = f"# sfml: kind=service family=GPU_NV_S\n{SPEC}    resources: {{requests: {{memory: 20Gi}}}}\n"
    source = Source(name="a.yaml", text=text)
    assert ready(source, Target(kind="job")).warnings == ()
    with pytest.raises(InputError, match="error"):
        ready(source, on_family("CPU_X64_XS", Target(kind="job")))


def test_ready__ignored_rule_in_a_comment__stays_ignored() -> None:
    text = SPEC.replace("i:1", "i  # sfml: ignore[SPCS042]")
    assert ready(Source(name="a.yaml", text=text), Target(kind="job")).warnings == ()


def test_ready__variables__are_set_in_every_container() -> None:
    text = SPEC + "    env: {A: old, B: kept}\n  - {name: side, image: /d/s/r/i:2}\n"
    found = ready(Source(name="a.yaml", text=text), Target(kind="job"), env={"A": "new"})
    first, second = found.spec.spec.containers
    assert (first.env, second.env) == ({"A": "new", "B": "kept"}, {"A": "new"})


def test_of_image__command__is_the_whole_spec() -> None:
    source = of_image("/d/s/r/my_image:1.0", ["python", "-c", "print('$$')"])
    (container,) = ready(source, Target(kind="job")).spec.spec.containers
    assert (container.image, container.command) == ("/d/s/r/my_image:1.0", ("python", "-c", "print('$$')"))
    assert source.stem == "my-image"
