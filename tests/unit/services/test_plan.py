"""What a wish costs and when it ends, and which clauses do not go with a spec."""

from __future__ import annotations

from typing import Any

import pytest

from sfml import sql
from sfml.errors import InputError
from sfml.pools import Pool
from sfml.services.plan import Plan, Wish, make
from sfml.services.source import Source, ready
from sfml.specs.scope import Target

CONTAINER = "spec:\n  containers:\n  - {name: main, image: /d/s/r/train:1}\n"


def plan(text: str = CONTAINER, *, kind: str = "job", family: str = "CPU_X64_S", **changes: Any) -> Plan:
    values: dict[str, Any] = {"name": "P", "family": family, "state": "IDLE", "max_nodes": 4, "idle_nodes": 1}
    own = {key: changes.pop(key) for key in list(changes) if key not in Wish.__dataclass_fields__}
    found = ready(Source(name="s.yaml", text=text), Target(kind=kind))
    wish = Wish(kind=kind, name=sql.name("d.s.x"), ready=found, **changes)
    return make(wish, Pool(**{**values, "auto_suspend_secs": 300, **own}))


def test_make__replicas__are_packed_on_nodes_by_what_they_request() -> None:
    small = CONTAINER.replace("}", ", resources: {requests: {cpu: 1, memory: 2Gi}}}")
    assert (plan(small, instances=(7, 7)).nodes, plan(instances=(7, 7)).nodes) == (3, 2)


def test_make__price_is_published__is_multiplied_by_the_nodes() -> None:
    gpu = CONTAINER.replace("}", ", resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}}")
    found = plan(gpu, family="GPU_NV_S", instances=(2, 2))
    assert (found.nodes, found.credits_per_hour) == (2, 1.14)
    assert "1.14 credits/h while it runs (2 nodes)" in "\n".join(found.lines)


def test_make__price_is_not_published__says_so() -> None:
    found = plan(family="GEN_X64_G2_4")
    assert found.credits_per_hour is None
    assert "price not published" in "\n".join(found.lines)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "when all its containers have ended; the idle pool stops 5 min later"),
        ({"auto_suspend_secs": 0}, "the idle pool stops only when you suspend it"),
        ({"kind": "service"}, "never by itself: sfml service suspend D.S.X"),
    ],
)
def test_make__kind_and_pool__say_when_it_ends(changes: dict[str, Any], words: str) -> None:
    if "auto_suspend_secs" in changes:
        found = Pool(name="P", family="CPU_X64_S", state="IDLE", max_nodes=1, auto_suspend_secs=0)
        wish = plan().wish
        assert words in make(wish, found).ends
    else:
        assert words in plan(**changes).ends


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instances": (99, 99)}, "some will wait"),
        ({"state": "SUSPENDED"}, "takes minutes to start"),
        ({"idle_nodes": 0, "active_nodes": 4}, "all 4 nodes of the pool are in use"),
        ({"text": f"# sfml: family=GPU_NV_M kind=job\n{CONTAINER}"}, "written for GPU_NV_M"),
    ],
)
def test_make__something_to_know__is_a_caution(changes: dict[str, Any], words: str) -> None:
    (caution,) = plan(**changes).cautions
    assert words in caution


def test_make__nothing_to_know__no_caution() -> None:
    assert plan().cautions == ()


PUBLIC = CONTAINER + "  endpoints:\n  - {name: web, port: 80, public: true}\n"
BLOCK = (
    CONTAINER.replace("}", ", volumeMounts: [{name: home, mountPath: /home}]}")
    + "  volumes:\n  - {name: home, source: block, size: 10Gi}\n"
)


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        (PUBLIC, {"auto_suspend_secs": 600}, "public endpoint \\(web\\) cannot suspend itself"),
        (CONTAINER, {"auto_suspend_secs": 60}, "at least 300"),
        (BLOCK, {"instances": (1, 2)}, "block volume \\(home\\)"),
        (CONTAINER, {"instances": (3, 2)}, "below min instances"),
    ],
)
def test_make__clause_that_does_not_go_with_the_spec__is_refused(
    text: str, changes: dict[str, Any], words: str
) -> None:
    own = {key: value for key, value in changes.items() if key != "auto_suspend_secs"}
    wish = plan(text, kind="service", family="CPU_X64_M", **({} if "instances" in own else own)).wish
    from dataclasses import replace

    pool = Pool(name="P", family="CPU_X64_M", state="IDLE", max_nodes=4)
    with pytest.raises(InputError, match=words):
        make(replace(wish, **changes), pool)


def test_make__same_clauses_with_a_fitting_spec__pass() -> None:
    from dataclasses import replace

    pool = Pool(name="P", family="CPU_X64_M", state="IDLE", max_nodes=4)
    wish = plan(kind="service").wish
    assert make(replace(wish, auto_suspend_secs=600, instances=(1, 2)), pool).nodes == 1
    assert make(replace(plan(BLOCK, kind="service").wish, instances=(2, 2)), pool).wish.instances == (2, 2)
