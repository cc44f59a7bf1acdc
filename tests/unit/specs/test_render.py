from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sfml.errors import InputError
from sfml.specs.families import FAMILIES
from sfml.specs.memory import shm_size
from sfml.specs.render import Sources, render
from sfml.specs.sandbox import to_yaml


@pytest.fixture
def text(tmp_path: Path) -> Any:
    """Render a template given as text."""

    def make(template: str, values: dict[str, Any] | None = None, **options: Any) -> str:
        (tmp_path / "t.yaml.j2").write_text(template)
        return render(tmp_path / "t.yaml.j2", values or {}, **options)

    return make


def test_render__values__are_filled_in_and_the_text_ends_in_a_newline(text: Any) -> None:
    assert text("a: {{ x }}\n{% for i in y %}\n- {{ i }}\n{% endfor %}\nend", {"x": 1, "y": ["p", "q"]}) == (
        "a: 1\n- p\n- q\nend\n"
    )


def test_render__python_values__are_printed_as_yaml(text: Any) -> None:
    values = {"t": True, "n": None, "m": {"a": [1, "x"]}, "f": 1.5}
    assert yaml.safe_load(text("t: {{ t }}\nn: {{ n }}\nm: {{ m }}\nf: {{ f }}", values)) == values


def test_render__same_input__gives_the_same_text(text: Any) -> None:
    values = {"m": {"b": 1, "a": 2}, "l": ["z", "y"]}
    template = "{{ m | yaml }} {% for k, v in m.items() %}{{ k }}{% endfor %} {{ l }}"
    assert text(template, values) == text(template, values) == '{"b": 1, "a": 2} ba ["z", "y"]\n'


def test_render__secret_reference_in_raw__is_left_for_snowflake(text: Any) -> None:
    assert text("A: {% raw %}{{secret.pw.secret_string}}{% endraw %}") == "A: {{secret.pw.secret_string}}\n"


@pytest.mark.parametrize(
    ("template", "message", "hint"),
    [
        ("a: 1\nb: {{ nothing }}", "t.yaml.j2:2: 'nothing' is undefined", "--set nothing="),
        ("b: {{ memry }}", "t.yaml.j2:1: 'memry' is undefined", "did you mean memory?"),
        ("\n\nb: {{ stage.nme }}", "t.yaml.j2:3: 'dict object' has no attribute 'nme'", None),
        ("b: {{ nothing | yaml }}", "t.yaml.j2:1: 'nothing' is undefined", "--set"),
        ("b: {{ [nothing] }}", "t.yaml.j2:1: 'nothing' is undefined", "--set"),
        ("{% if nothing %}{% endif %}", "t.yaml.j2:1: 'nothing' is undefined", "--set"),
        ("{{secret.x.secret_string}}", "t.yaml.j2:1: 'secret' is undefined", "{% raw %}"),
        ("a\n{% for x in %}", "t.yaml.j2:2: Expected an expression", None),
        ("a\n{{ x", "t.yaml.j2:2: ", None),
        ("{{ 1 / 0 }}", "t.yaml.j2:1: division by zero", None),
        ("\n{{ 'a' + 1 }}", "t.yaml.j2:2: ", None),
        ("{{ memory() }}", "t.yaml.j2:1: 'str' object is not callable", None),
        ("{{ memory | nofilter }}", "t.yaml.j2:1: No filter named 'nofilter'", None),
        ("{% include 'gone.j2' %}", "t.yaml.j2:1: the template gone.j2 is not there", None),
        ("{% include '../t.yaml.j2' %}", "t.yaml.j2:1: the template ../t.yaml.j2 is not there", None),
        ("{{ ''.__class__.__mro__ }}", "t.yaml.j2:1: access to attribute '__class__'", None),
        ("{{ stage.update(a=1) }}", "t.yaml.j2:1: ", None),
        ("{{ image('dev') }}", "t.yaml.j2:1: image('dev') is not known here", "--set images.dev="),
        ("{{ shm_size('lots') }}", "t.yaml.j2:1: 'lots' is no amount of memory", "with its unit"),
        (
            "{{ shm_size(none, 'GPU_NV_SS') }}",
            "no instance family 'GPU_NV_SS', did you mean GPU_NV_S",
            "families",
        ),
        ("{% extends 't.yaml.j2' %}", "t.yaml.j2:1: the template calls or includes itself without end", None),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "t.yaml.j2:1: the template calls or includes",
            None,
        ),
        (
            "{% for i in range(99999) %}\n{% for j in range(99999) %}\n{% endfor %}{% endfor %}",
            "t.yaml.j2:2: the template takes more than 1,000,000 steps",
            "endless",
        ),
        ("{% for i in range(9999999999) %}{% endfor %}", "t.yaml.j2:1: Range too big", None),
        (
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
            "t.yaml.j2:1: the template takes more than 1,000,000 steps",
            "endless",
        ),
        (
            "{% set n = namespace(s='ab') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
            "t.yaml.j2:1: a text or list in the template grows past 1,000,000",
            None,
        ),
        (
            "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
            "t.yaml.j2:1: a text or list in the template grows past 1,000,000",
            None,
        ),
        ("{{ 'a' * 10000000000 }}", "t.yaml.j2:1: only numbers can be multiplied here", None),
        ("{{ 9 ** 9 ** 9 ** 9 }}", "t.yaml.j2:1: ", None),
        ("{{ {[1]: 2} }}", "t.yaml.j2:1: unhashable", None),
        ("\n{{ memory | truncate(1) }}", "t.yaml.j2:2: expected length", None),
        ("{% for i in range(100000) %}" + "x" * 200 + "{% endfor %}", "makes more than 10,000,000", None),
        ("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, "t.yaml.j2:1: nested too deeply", None),
        ("{{ " + "(" * 3000 + ")" * 3000, "t.yaml.j2:1: nested too deeply", None),
    ],
)
def test_render__mistake_in_the_template__names_its_line(
    text: Any, template: str, message: str, hint: str | None
) -> None:
    with pytest.raises(InputError) as caught:
        text(template, {"memory": "16Gi", "stage": {"name": "x"}})
    assert message in str(caught.value)
    assert hint is None or hint in (caught.value.hint or "")


def test_render__mistake_in_an_included_file__names_that_file(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "part.j2").write_text("one\n{{ two }}\n")
    (tmp_path / "t.j2").write_text("{% include 'part.j2' %}")
    with pytest.raises(InputError, match=r"lib/part\.j2:2: 'two' is undefined"):
        render(tmp_path / "t.j2", {}, library=[tmp_path / "lib"])


def test_render__binary_or_missing_template__is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_bytes(b"\x89PNG\x00\xff")
    with pytest.raises(InputError, match=r"t\.j2 is not UTF-8 text"):
        render(tmp_path / "t.j2", {})
    with pytest.raises(InputError, match=r"gone\.j2 is not there"):
        render(tmp_path / "gone.j2", {})


def test_render__environment__is_there_on_request_only(text: Any) -> None:
    assert text("{{ environ.TAG }}", environ={"TAG": "7"}) == "7\n"
    with pytest.raises(InputError, match="'environ' is undefined"):
        text("{{ environ.TAG }}")


def test_render__resolvers__are_asked_for_what_the_values_do_not_name(text: Any) -> None:
    sources = Sources(image=lambda name: f"/d/s/r/{name}@sha256:1", pool_family=lambda pool: f"F_{pool}")
    template = "{{ image('dev') }} {{ image('own') }} {{ pool_family('P') }}"
    assert text(template, {"images": {"own": "/x/y/z/own:1"}}, sources=sources) == (
        "/d/s/r/dev@sha256:1 /x/y/z/own:1 F_P\n"
    )


def test_render__value_that_hides_a_function__is_refused(text: Any) -> None:
    with pytest.raises(InputError, match="may not redefine image"):
        text("x", {"image": "y"})


@pytest.mark.parametrize(
    ("memory", "size"),
    [
        ("16Gi", "4Gi"),
        ("10Gi", "3072Mi"),
        ("24Gi", "7Gi"),
        ("512Mi", "153Mi"),
        ("1G", "286Mi"),
        ("13.5Gi", "4Gi"),
    ],
)
def test_shm_size__memory_given__is_thirty_percent_of_it(memory: str, size: str) -> None:
    assert shm_size(memory) == size


def test_shm_size__nothing_known__says_what_to_give() -> None:
    assert shm_size(None, FAMILIES["GPU_NV_S"]) == "8Gi"
    with pytest.raises(InputError, match="which is not known"):
        shm_size()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc: '\n{$", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_to_yaml__any_value__reads_back_on_one_line(value: object) -> None:
    line = to_yaml(value)
    assert "\n" not in line
    assert yaml.safe_load(f"a: {line}\nb: 1\n") == {"a": value, "b": 1}


NASTY = [
    "a\nb: injected",
    "'; DROP TABLE x; --",
    "$$",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "größe 名前 🙂",
    "\t",
    "\x85\u2028",
]


@pytest.mark.parametrize("value", NASTY)
def test_render__nasty_value_through_the_filter__stays_one_value(text: Any, value: str) -> None:
    assert yaml.safe_load(text("a: {{ x | yaml }}\nb: 2", {"x": value})) == {"a": value, "b": 2}


PIECES = [
    "{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "x", "y", "1", "'a'", "|", "yaml", "(", ")", "[", "]", "{",
    "}", ":", ",", ".", "*", "**", "~", "%", "/", "if", "endif", "else", "for", "endfor", "in", "set",
    "macro", "endmacro", "block", "endblock", "extends", "include", "'t.j2'", "raw", "endraw",
    "range", "loop", "recursive", "image", "__class__",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))
def test_render__any_template__gives_text_or_a_refusal(source: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.j2"
        path.write_text(source)
        try:
            text = render(path, {"x": "abc", "y": [1, {"a": 2}]})
        except InputError:
            return
    assert text.endswith("\n")
