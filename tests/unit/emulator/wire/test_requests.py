"""Request bodies: what is read, and that nothing but a fault comes of what cannot be."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.emulator.faults import Fault
from sfml.emulator.wire.requests import LoginRequest, QueryRequest, read_body, read_login, read_query


def attempt(call: Callable[[], object]) -> object:
    """What the call returns, or the code of its fault; any other exception fails the test."""
    try:
        return call()
    except Fault as fault:
        return fault.code


def test_body__gzip__same_object() -> None:
    packed = gzip.compress(json.dumps({"sqlText": "select 'ü'"}).encode())
    assert read_body(packed, encoding="gzip") == {"sqlText": "select 'ü'"}


def test_body__escaped_pair__one_character() -> None:
    assert read_body(rb'{"sqlText": "\uD83D\ude00"}') == {"sqlText": "\N{GRINNING FACE}"}


def test_body__empty__empty_object() -> None:
    assert read_body(b"") == {}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (rb'{"sqlText": "\ud800"}', ""),
        (b"{}", "gzip"),
        (gzip.compress(b"{}" * 1000, mtime=0)[:-9], "gzip"),
    ],
)
def test_body__unreadable__bad_request(body: bytes, encoding: str) -> None:
    with pytest.raises(Fault, match="Bad request"):
        read_body(body, encoding=encoding)


def test_body__gzip_bomb__refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfml.emulator.wire.requests._MAX_TEXT", 1000)
    with pytest.raises(Fault, match="larger than this server takes"):
        read_body(gzip.compress(b" " * 100_000), encoding="gzip")


@given(st.binary(max_size=200), st.sampled_from(["", "gzip"]))
def test_body__random_bytes__object_or_fault(body: bytes, encoding: str) -> None:
    outcome = attempt(lambda: read_body(body, encoding=encoding))
    assert outcome == "390400" or isinstance(outcome, dict)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({"sqlText": json_values, "bindings": json_values, "parameters": json_values}))
def test_query__any_json__request_or_fault(body: dict[str, object]) -> None:
    outcome = attempt(lambda: read_query(body))
    assert outcome in ("390400", "100038") or isinstance(outcome, QueryRequest)


@given(json_values)
def test_login__any_json__request_or_fault(data: object) -> None:
    outcome = attempt(lambda: read_login({"data": data}, {}))
    assert outcome == "390400" or isinstance(outcome, LoginRequest)


def test_query__flags_and_parameters__read() -> None:
    request = read_query(
        {
            "sqlText": "select 1",
            "asyncExec": True,
            "describeOnly": True,
            "parameters": {"query_tag": "x"},
        }
    )
    assert (request.asynchronous, request.describe_only) == (True, True)
    assert request.parameters == {"QUERY_TAG": "x"}


def test_login__credentials__not_in_its_repr() -> None:
    request = read_login({"data": {"LOGIN_NAME": "U", "PASSWORD": "geheim", "TOKEN": "tok"}}, {})
    assert "geheim" not in repr(request)
    assert "tok'" not in repr(request)
