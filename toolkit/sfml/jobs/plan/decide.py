"""The plan: what a draft and an account come to (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sfml import sql
from sfml.analysis import Gpu, Network
from sfml.config import SYSTEM_GPU_POOL, owned_name
from sfml.errors import RefusedError
from sfml.jobs import request as requests
from sfml.jobs.plan import egress, ranking
from sfml.jobs.plan.draft import Draft
from sfml.jobs.plan.egress import Coverage
from sfml.jobs.plan.look import Account, is_index
from sfml.jobs.plan.model import Item, Plan, Refusal, places
from sfml.jobs.plan.ranking import Ranked
from sfml.jobs.request import Request
from sfml.pools import node_price, price_text
from sfml.sql import Name

_SHOWN = 4
FORCE = "--force submits all the same"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the configuration says: whether the pool is the user's choice, and from where; whose names."""

    pool_origin: str
    user: str

    @property
    def pool_given(self) -> bool:
        """Whether the user chose the pool."""
        return self.pool_origin != "default"


def complete(draft: Draft, account: Account, settings: Settings) -> Plan:
    """The plan for a draft in an account."""
    if not account.asked:
        return _unasked(draft, settings)
    ranked = _ranked(draft, account, settings)
    pool = ranked[0] if ranked else None
    artifact = _artifact(draft, account)
    needs = [need for need in draft.needs if not _is_provided(need, account, artifact)]
    given = [sql.name(name, parts=1).last for name in draft.request.eai]
    coverage = egress.match(needs, account.integrations, given)
    request = _request(draft, pool, settings, coverage, artifact)
    pool_refusals = tuple(_pool_refusals(draft, pool, settings))
    return Plan(
        request=request,
        sections={
            "pool": tuple(_pool_items(ranked, request, settings)),
            **draft.sections,
            "network": tuple(_network(draft, coverage, account, artifact)) or (Item(text="none"),),
            "warnings": (*draft.warnings, *_partial(coverage)),
        },
        refusals=(*pool_refusals, *_network_refusals(coverage, account)),
        found=_found(draft, coverage, pool, artifact, account),
    )


def _unasked(draft: Draft, settings: Settings) -> Plan:
    pool = draft.request.compute_pool
    if not settings.pool_given and draft.gpu is not Gpu.NEVER:
        pool = SYSTEM_GPU_POOL  # which every account has
    network = tuple(
        Item(text=", ".join(need.hosts), where=places(need.evidence), outcome="-> the account was not asked")
        for need in draft.needs
    )
    return Plan(
        request=replace(draft.request, compute_pool=pool),
        sections={**draft.sections, "network": network or (Item(text="none"),), "warnings": draft.warnings},
        found={"analysis": asdict(draft.analysis) if draft.analysis else None},
    )


# --- the pool ---


def _ranked(draft: Draft, account: Account, settings: Settings) -> list[Ranked]:
    nodes = draft.request.nodes
    pools = account.pools
    if settings.pool_given:
        wanted = sql.name(draft.request.compute_pool, parts=1).last
        pools = tuple(pool for pool in pools if pool.name == wanted)
    found = ranking.rank(pools, gpu=draft.gpu is not Gpu.NEVER, nodes=nodes)
    if draft.gpu is Gpu.USES and (not found or found[0].problem):
        return ranking.rank(pools, gpu=False, nodes=nodes)
    return found


def _pool_items(ranked: list[Ranked], request: Request, settings: Settings) -> Iterator[Item]:
    if not ranked:
        yield Item(text=request.compute_pool, where=settings.pool_origin)
        return
    best = ranked[0]
    yield Item(
        text=best.text,
        where=settings.pool_origin if settings.pool_given else "the best of those that you may use",
    )
    if not settings.pool_given:
        others = [
            f"{one.pool.name} {one.problem or f'scores {one.score}, not {best.score}'}" for one in ranked[1:]
        ]
        more = ", …" if len(others) > _SHOWN else ""
        if others:
            yield Item(text=f"not: {', '.join(others[:_SHOWN])}{more}")


def _pool_refusals(draft: Draft, pool: Ranked | None, settings: Settings) -> Iterator[Refusal]:
    # Whatever else does not fit is found when the job is submitted.
    if pool is None or draft.gpu is not Gpu.NEEDS or ranking.has_gpu(pool.pool):
        return
    why = draft.sections.get("hardware", (Item(text="GPU"),))[0]
    yield Refusal(
        message=f"the job needs a GPU and {pool.pool.name} has none: {why.where or why}",
        hint=f"name another pool, or --create-pool runs:\n{create_sql(settings.user, gpu=True)};\n"
        f"--hardware cpu takes the script at its word that it needs none; {FORCE}",
        error=RefusedError,
    )


def create_sql(user: str, *, gpu: bool) -> str:
    """The statement for a pool of the user's own, of the family that fits most jobs."""
    return sql.create_compute_pool(pool_name(user, gpu=gpu), family=ranking.GENERAL[gpu])


def pool_price(*, gpu: bool) -> str:
    """What a node of such a pool costs."""
    return price_text(node_price(ranking.GENERAL[gpu]))


def pool_name(user: str, *, gpu: bool) -> str:
    """The name of a pool that sfml makes for a user."""
    return owned_name("SFML_GPU_POOL" if gpu else "SFML_POOL", user)


# --- the network ---


def _artifact(draft: Draft, account: Account) -> str | None:
    """The repository for the job's packages; one with a URL among them has to come from elsewhere."""
    installs = any(is_index(need) for need in draft.needs)
    direct = any("://" in line for line in draft.request.requirements)
    return account.repository if installs and not direct else None


def _is_provided(need: Network, account: Account, artifact: str | None) -> bool:
    return is_index(need) and (account.machine_index or artifact is not None)


def _request(
    draft: Draft, pool: Ranked | None, settings: Settings, coverage: Coverage, artifact: str | None
) -> Request:
    request = draft.request
    given = {sql.name(name, parts=1).last for name in request.eai}
    added = tuple(str(Name((name,))) for name in coverage.used if name not in given)
    chosen = request.compute_pool
    if pool is not None and not settings.pool_given:
        chosen = str(Name((pool.pool.name,)))
    integrations = (*request.eai, *added)
    requests.check_integrations(integrations)
    return replace(
        request,
        compute_pool=chosen,
        eai=integrations,
        artifact_repositories=(artifact,) if artifact else (),
        seen_pool=None if pool is None else pool.pool,
    )


def _network(draft: Draft, coverage: Coverage, account: Account, artifact: str | None) -> Iterator[Item]:
    for need in draft.needs:
        text = _hosts(need)
        if is_index(need) and account.machine_index:
            yield Item(text=text, where=places(need.evidence), outcome="-> this machine's package index")
        elif is_index(need) and artifact:
            outcome = f"-> artifact repository {artifact}, no integration needed"
            yield Item(text=text, where=places(need.evidence), outcome=outcome)
        else:
            yield Item(text=text, where=places(need.evidence), outcome=_covered(need, coverage))


def _hosts(need: Network) -> str:
    plain = [host for host in need.hosts if not egress.is_aside(need, host)]
    aside = len(need.hosts) - len(plain)
    return ", ".join(plain) + (f" (+ {aside} beside)" if aside else "")


def _covered(need: Network, coverage: Coverage) -> str:
    if any(one.category is need.category for one in coverage.missing):
        return "-> no integration covers it"
    by = ", ".join(coverage.of(need))
    guessed = need.category in coverage.guessed
    return f"-> {by} on trust: its rules cannot be read" if guessed else f"-> {by} covers it"


def _partial(coverage: Coverage) -> Iterator[Item]:
    for need in coverage.partial:
        yield Item(
            text=f"{', '.join(need.hosts)}: not covered by {', '.join(coverage.used)}",
            outcome="downloads that are redirected there would fail",
        )


def _network_refusals(coverage: Coverage, account: Account) -> Iterator[Refusal]:
    if not coverage.missing:
        return
    wanted = "; ".join(
        f"{', '.join(n.hosts)} ({places(n.evidence)})".replace(" ()", "") for n in coverage.missing
    )
    text = egress.admin_sql(
        coverage.missing,
        taken=account.names,
        schema=account.schema or Name(("<database>", "<schema>")),
        role=account.role,
    )
    yield Refusal(
        message=f"no integration lets the job reach {wanted}; nothing was sent",
        hint=f"an administrator can run:\n{text}\n{FORCE}",
        error=RefusedError,
    )


def _found(
    draft: Draft, coverage: Coverage, pool: Ranked | None, artifact: str | None, account: Account
) -> Mapping[str, Any]:
    return {
        "analysis": asdict(draft.analysis) if draft.analysis else None,
        "pool": None if pool is None else {**asdict(pool.pool), "score": pool.score, "credits": pool.price},
        "integrations": list(coverage.used),
        "covered": coverage.by_host,
        "missing": [{"category": need.category, "hosts": list(need.hosts)} for need in coverage.missing],
        "artifact_repository": artifact,
        "machine_index": account.machine_index,
    }
