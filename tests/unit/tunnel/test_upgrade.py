"""HTTP heads are read and written as the RFCs have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.tunnel import upgrade
from sfml.tunnel.upgrade import HeadError, split_head


def test_accept__example_of_the_rfc__matches() -> None:
    assert upgrade.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_split_head__request__has_its_words_headers_and_rest() -> None:
    head = split_head(b"GET /ssh HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\r\nmore")
    assert head is not None
    assert head.first == ("GET", "/ssh", "HTTP/1.1")
    assert head.words("Connection") == ["keep-alive", "Upgrade"]
    assert head.rest == b"more"


def test_split_head__incomplete__is_none() -> None:
    assert split_head(b"GET /ssh HTTP/1.1\r\nHost: a\r\n") is None


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"GET /ssh HTTP/1.1\r\n folded\r\n\r\n",
        b"GET /ssh HTTP/1.1\r\nName : x\r\n\r\n",
        b"GET /ssh HTTP/1.1\r\nA: b\nSf-Context-Current-User: ANA\r\n\r\n",
        b"x" * (upgrade.MAX_HEAD + 1),
    ],
)
def test_split_head__no_head__is_refused(data: bytes) -> None:
    with pytest.raises(HeadError):
        split_head(data)


@given(st.binary(max_size=200))
def test_split_head__any_bytes__a_head_or_none_or_refused(data: bytes) -> None:
    try:
        head = split_head(data + b"\r\n\r\n")
    except HeadError:
        return
    assert head is not None
    assert len(head.first) == 3


def test_request__line_break_in_a_header__is_refused() -> None:
    with pytest.raises(HeadError, match="line break"):
        upgrade.request("/ssh", "box", "key", [("Authorization", "a\r\nX: y")])


def test_request__then_split__has_the_headers() -> None:
    head = split_head(upgrade.request("/ssh?a=b", "box:1", "key", [("Authorization", "x")]))
    assert head is not None
    assert head.first == ("GET", "/ssh?a=b", "HTTP/1.1")
    assert head.all("host") == ["box:1"]
    assert head.all("authorization") == ["x"]
    assert head.words("sec-websocket-protocol")[0] == upgrade.SUBPROTOCOL


@pytest.mark.parametrize("text", ["", "short", "dGhlIHNhbXBsZSBub25jZQ=", "é"])
def test_is_key__something_else__is_not(text: str) -> None:
    assert not upgrade.is_key(text)
