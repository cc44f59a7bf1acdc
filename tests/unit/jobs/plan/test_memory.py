"""What an account said lately."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sfml.analysis.findings import Category, Network
from sfml.jobs.plan import look
from sfml.jobs.plan.memory import LIFE, Memory

HF = Network(category=Category.HUGGING_FACE, hosts=("huggingface.co",), evidence=())


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_memory__kept__is_there_for_a_while(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "account" / "x.json"
    memory = Memory(path, clock=clock)
    memory.put("k", ["v"])
    memory.save()
    assert path.stat().st_mode & 0o077 == 0
    clock.now += LIFE - 1
    assert Memory(path, clock=clock).get("k") == ["v"]
    clock.now += 2
    late = Memory(path, clock=clock)
    assert late.get("k") is None
    late.save()
    assert path.read_text() == "{}"


def test_memory__nothing_kept__writes_nothing(tmp_path: Path) -> None:
    Memory(tmp_path / "x.json").save()
    assert list(tmp_path.iterdir()) == []


def test_memory__a_broken_file__is_an_empty_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for text in ("{", "[]", '{"k": 1}'):
        path.write_text(text)
        assert Memory(path).get("k") is None


def test_memory__of_two_roles__are_two(tmp_path: Path) -> None:
    one, two = Memory.of(tmp_path, "a", "u", "r"), Memory.of(tmp_path, "a", "u", "s")
    one.put("k", 1)
    one.save()
    assert two.get("k") is None
    assert Memory.of(tmp_path, "a", "u", "r").get("k") == 1


class Account:
    """An account whose one integration's hosts may change."""

    def __init__(self, hosts: str) -> None:
        self.hosts = hosts
        self.asked: list[str] = []

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        self.asked.append(statement)
        if statement.startswith("SHOW"):
            return [{"name": "HF_EAI", "enabled": "true", "created_on": "1"}]
        if statement.startswith("DESCRIBE INTEGRATION"):
            return [{"property": "ALLOWED_NETWORK_RULES", "property_value": "DB.S.RULE"}]
        return [{"value_list": self.hosts}]


def test_integrations__asked_before__are_listed_but_not_looked_into(tmp_path: Path) -> None:
    account, memory = Account("huggingface.co"), Memory(tmp_path / "x.json")
    first, _ = look.integrations(account, [HF], [], memory)
    account.asked.clear()
    assert look.integrations(account, [HF], [], memory)[0] == first
    assert account.asked == ["SHOW EXTERNAL ACCESS INTEGRATIONS"]


def test_integrations__what_is_remembered_would_not_do__is_asked_again(tmp_path: Path) -> None:
    account, memory = Account("other.example"), Memory(tmp_path / "x.json")
    look.integrations(account, [HF], [], memory)
    account.hosts = "huggingface.co"
    ((found,), _) = look.integrations(account, [HF], [], memory)
    assert found.hosts == ("huggingface.co",)
