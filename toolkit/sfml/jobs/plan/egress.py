"""Which external access integrations let a job reach its hosts, and the SQL for what none covers (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sfml import sql
from sfml.analysis.findings import Category, Network
from sfml.sql import Kind, Name, Privilege

# The rule that Snowflake keeps for PyPI (docs.snowflake.com, "External network access examples").
PYPI_RULE = Name(("SNOWFLAKE", "EXTERNAL_ACCESS", "PYPI_RULE"))
PYPI_HOSTS = ("pypi.org", "pypi.python.org", "pythonhosted.org", "files.pythonhosted.org")
# A rule for every host (CREATE NETWORK RULE).
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the rule says, nothing listens
_HTTPS = "443"
# Pages for people: the clients work without them.
_ASIDE = frozenset({"wandb.ai", "app.clear.ml"})
# Words in an integration's name by which its owner says what it is for.
_WORDS = {
    Category.PYPI: ("PYPI", "PIP"),
    Category.HUGGING_FACE: ("HUGGING", "HF"),
    Category.WANDB: ("WANDB", "WEIGHTS"),
    Category.TORCH_HUB: ("TORCH",),
    Category.CLOUD_STORAGE: ("S3", "GCS", "AZURE", "BLOB", "STORAGE"),
    Category.GIT: ("GIT",),
}


@dataclass(frozen=True, kw_only=True)
class Integration:
    """An integration that the role may use; ``hosts`` is None where it may not read the rules."""

    name: str
    hosts: tuple[str, ...] | None
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """``used``: the integrations for the job; ``by_host``: which one is for a host.

    ``guessed``: categories with an integration taken on trust, its rules unseen. ``missing``: needs with
    the hosts that nothing covers. ``partial``: uncovered hosts aside, without which most things work.
    """

    used: tuple[str, ...] = ()
    by_host: dict[str, str]
    guessed: dict[Category, str]
    missing: tuple[Network, ...] = ()
    partial: tuple[Network, ...] = ()

    def of(self, need: Network) -> list[str]:
        """The integrations for one need."""
        named = [self.by_host[host] for host in need.hosts if host in self.by_host]
        guess = self.guessed.get(need.category)
        return list(dict.fromkeys([*named, *([guess] if guess else [])]))


def match(needs: Sequence[Network], integrations: Sequence[Integration], given: Sequence[str]) -> Coverage:
    """The fewest integrations for all needs; those that the user gave are always among them."""
    usable = {one.name: one for one in integrations if one.enabled}
    by_host: dict[str, str] = {}
    for name in given:
        _cover(needs, usable.get(name), by_host)
    used = list(given)
    while (best := _best(needs, usable.values(), by_host)) is not None:
        _cover(needs, best, by_host)
        used.append(best.name)
    open_ = [need for need in needs if _uncovered(need, by_host, essential=True)]
    guessed = _guessed(open_, usable.values(), given)
    missing = [need for need in open_ if need.category not in guessed]
    rest = [need for need in needs if need not in open_ and _uncovered(need, by_host, essential=False)]
    return Coverage(
        used=tuple(dict.fromkeys([*used, *guessed.values()])),
        by_host=by_host,
        guessed=guessed,
        missing=tuple(replace(n, hosts=_uncovered(n, by_host, essential=False)) for n in missing),
        partial=tuple(replace(n, hosts=_uncovered(n, by_host, essential=False)) for n in rest),
    )


def allows(entry: str, host: str) -> bool:
    """Whether an entry of a rule (``host``, ``host:port``, ``*.domain``) lets one reach ``host`` by HTTPS."""
    name, _, port = entry.strip().lower().partition(":")
    wanted, _, wanted_port = host.lower().partition(":")
    if (port or _HTTPS) != (wanted_port or _HTTPS):
        return False
    return name in (_EVERYWHERE, wanted) or (name.startswith("*.") and wanted.endswith(name[1:]))


def likely(category: Category, name: str) -> bool:
    """Whether an integration is for a category, going by its name."""
    words = _WORDS.get(category, (category.value.upper().replace("-", "_"),))
    return any(word in name.upper() for word in words)


def admin_sql(missing: Iterable[Network], *, taken: Iterable[str], schema: Name, role: str) -> str:
    """What an administrator runs so that the role can reach the missing hosts, and no others."""
    names = set(taken)
    statements: list[str] = []
    for need in missing:
        base = _free(need.category.value.upper().replace("-", "_"), names)
        names.add(f"{base}_EAI")
        rule: Name = schema.child(f"{base}_RULE")
        if need.category is Category.PYPI and set(need.hosts) <= set(PYPI_HOSTS):
            rule = PYPI_RULE
        else:
            statements.append(sql.create_network_rule(rule, hosts=need.hosts))
        statements.append(sql.create_external_access_integration(f"{base}_EAI", rules=[rule]))
        statements.append(sql.grant([Privilege.USAGE], Kind.INTEGRATION, f"{base}_EAI", role=Name((role,))))
    return "\n".join(f"{statement};" for statement in statements)


def _free(base: str, taken: set[str]) -> str:
    numbered = (base if number == 1 else f"{base}_{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if f"{name}_EAI" not in taken)


def _best(
    needs: Sequence[Network], integrations: Iterable[Integration], by_host: dict[str, str]
) -> Integration | None:
    """The integration that covers most of what is still open; None where none covers anything essential."""
    gains = [
        (sum(_gain(need, one, by_host) for need in needs), one)
        for one in integrations
        if any(_helps(need, one, by_host) for need in needs)
    ]
    return max(gains, key=lambda gain: (gain[0], -len(gain[1].hosts or ())), default=(0, None))[1]


def _gain(need: Network, one: Integration, by_host: dict[str, str]) -> int:
    return sum(_reaches(one, need, host) for host in _uncovered(need, by_host, essential=False))


def _helps(need: Network, one: Integration, by_host: dict[str, str]) -> bool:
    return any(_reaches(one, need, host) for host in _uncovered(need, by_host, essential=True))


def _cover(needs: Sequence[Network], one: Integration | None, by_host: dict[str, str]) -> None:
    if one is not None:
        for need in needs:
            for host in need.hosts:
                if host not in by_host and _reaches(one, need, host):
                    by_host[host] = one.name


def _reaches(one: Integration, need: Network, host: str) -> bool:
    entries = one.hosts or ()
    if host.startswith("*.") and all(other.startswith("*.") for other in need.hosts):
        # Only the run knows which of these hosts it will be: a rule for one of them may be the right one.
        return any(allows(entry, host) or allows(host, entry) for entry in entries)
    return any(allows(entry, host) for entry in entries)


def _uncovered(need: Network, by_host: dict[str, str], *, essential: bool) -> tuple[str, ...]:
    return tuple(h for h in need.hosts if h not in by_host and not (essential and is_aside(need, h)))


def is_aside(need: Network, host: str) -> bool:
    """Whether a need can do without a host in most cases: a mirror of many names, or a page for people."""
    others = [other for other in need.hosts if not other.startswith("*.") and other not in _ASIDE]
    return bool(others) and (host.startswith("*.") or host in _ASIDE)


def _guessed(
    needs: Iterable[Network], integrations: Iterable[Integration], given: Sequence[str]
) -> dict[Category, str]:
    """For each need an integration whose rules are unseen: one that the user gave, or named so."""
    hidden = sorted(
        (one for one in integrations if one.hosts is None), key=lambda one: (one.name not in given, one.name)
    )
    found: dict[Category, str] = {}
    for need in needs:
        names = [one.name for one in hidden if one.name in given or likely(need.category, one.name)]
        names.sort(key=lambda name: not likely(need.category, name))
        if names:
            found[need.category] = names[0]
    return found
