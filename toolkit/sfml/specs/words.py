"""Values in words, for messages."""

from __future__ import annotations

import re
from typing import Any

_LONGEST = 60
_PLACEHOLDER = r"<<?[A-Za-z][\w .:/-]*>>?"
_KINDS = {dict: "a map", list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number"}


def kind_of(value: Any) -> str:
    """The kind of a value, as a reader of YAML calls it."""
    return _KINDS.get(type(value), "nothing")


def shown(value: Any) -> str:
    """The value on one line of bounded length."""
    text = repr(value) if type(value) is str else str(value).lower() if type(value) is bool else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def placeholder(value: str) -> bool:
    """Whether the text has a part in angle brackets that the author left to the reader."""
    return re.search(_PLACEHOLDER, value) is not None
