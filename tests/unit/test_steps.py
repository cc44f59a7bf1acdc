from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sfml import steps
from sfml.errors import NotFoundError, PrivilegeError, RefusedError
from sfml.steps import Rows, State, Step, Verdict


class Account:
    """Objects by name: ``LOOK x`` shows one, ``MAKE x`` makes it, unless ``refuses`` names it."""

    def __init__(self, *objects: str, refuses: str = "") -> None:
        self.objects = set(objects)
        self.refuses = refuses
        self.sent: list[str] = []

    def __call__(self, statement: str) -> Rows:
        self.sent.append(statement)
        verb, name = statement.split()
        if verb == "LOOK":
            if name not in self.objects:
                raise NotFoundError(f"{name} does not exist or not authorized")
            return [{"name": name}]
        if name in self.refuses.split():
            raise PrivilegeError(f"Insufficient privileges to make {name}")
        self.objects.add(name)
        return []


def step(name: str) -> Step:
    return Step(
        title=f"thing {name}", look=f"LOOK {name}", judge=steps.named(name), effect=(f"MAKE {name}",),
        undo=(f"DROP {name}",),
    )  # fmt: skip


PLAN = (step("a"), step("b"), step("c"))


def test_carry_out__nothing_there__makes_all_in_order_and_a_second_run_nothing() -> None:
    account = Account()
    done = steps.carry_out(steps.survey(PLAN, account), account)
    assert [s.title for s in done] == ["thing a", "thing b", "thing c"]
    account.sent.clear()
    assert steps.carry_out(steps.survey(PLAN, account), account) == ()
    assert account.sent == ["LOOK a", "LOOK b", "LOOK c"]


def test_carry_out__privilege_missing__gives_the_rest_as_sql_and_the_next_run_goes_on() -> None:
    account = Account("a", refuses="b")
    with pytest.raises(RefusedError, match="thing b: Insufficient privileges") as caught:
        steps.carry_out(steps.survey(PLAN, account), account)
    assert (caught.value.hint or "").endswith("-- thing b\nMAKE b;\n-- thing c\nMAKE c;")
    assert account.objects == {"a"}
    account.refuses = ""
    assert [s.title for s in steps.carry_out(steps.survey(PLAN, account), account)] == ["thing b", "thing c"]


def test_carry_out__refused_for_another_reason__keeps_its_own_hint() -> None:
    def query(statement: str) -> Rows:
        if statement.startswith("MAKE"):
            raise RefusedError("the image is not there", hint="push it")
        return ()

    with pytest.raises(RefusedError, match="thing a: the image is not there") as caught:
        steps.carry_out(steps.survey(PLAN, query), query)
    assert caught.value.hint == "push it"


def test_carry_out__somebody_else_has_to_do_something_else__that_is_told() -> None:
    account = Account(refuses="a")
    own = replace(PLAN[0], by_administrator=("GRANT IT",))
    with pytest.raises(RefusedError) as caught:
        steps.carry_out(steps.survey([own], account), account)
    assert str(caught.value.hint).endswith("GRANT IT;")


def test_carry_out__while_it_works__reports_each_step_before_it_is_done() -> None:
    account = Account("b")
    seen: list[tuple[str, set[str]]] = []
    steps.carry_out(
        steps.survey(PLAN, account), account, report=lambda s: seen.append((s.title, set(account.objects)))
    )
    assert seen == [("thing a", {"b"}), ("thing c", {"a", "b"})]


def test_survey__same_statement_twice__is_sent_once() -> None:
    account = Account("a")
    steps.survey([step("a"), step("a")], account)
    assert account.sent == ["LOOK a"]


def test_survey__other_errors__are_not_taken_for_absence() -> None:
    def broken(statement: str) -> Rows:
        raise ConnectionError(statement)

    with pytest.raises(ConnectionError):
        steps.survey(PLAN, broken)


@pytest.mark.parametrize("state", [State.DIFFERS, State.NOTE, State.PRESENT])
def test_missing__only_what_is_absent__is_done(state: State) -> None:
    judge: Callable[[Rows], Verdict] = lambda rows: Verdict(state=state, note="so")  # noqa: E731
    [finding] = steps.survey(
        [Step(title="t", detail="d", look="LOOK a", judge=judge, effect=("MAKE a",))], Account()
    )
    assert steps.missing([finding]) == ()
    assert finding.text == f"{state.value} t   d   so"


def test_undo_script__plan__goes_backwards() -> None:
    assert steps.undo_script(PLAN[:2]) == "-- thing b\nDROP b;\n-- thing a\nDROP a;"
    assert steps.script(PLAN[:1]) == "-- thing a\nMAKE a;"


def test_named__near_miss__is_absent() -> None:
    judge = steps.named("ML_DEV")
    assert judge([{"name": "MLXDEV"}, {"name": "ml_dev"}, {}]).state is State.ABSENT
    assert judge([{"name": "ML_DEV"}]).state is State.PRESENT


def test_lines__what_is_there__is_one_line_and_the_rest_a_line_each() -> None:
    grant = replace(step("g"), effect=("GRANT USAGE ON g",))
    found = steps.survey((*PLAN, grant, step("d")), Account("a", "c", "g"))
    assert steps.lines(found) == ("= thing a, thing c, 1 grant   (there)", "+ thing b", "+ thing d")


def test_lines__what_is_there_with_a_word_about_it__keeps_its_line() -> None:
    told = replace(step("a"), judge=lambda _: Verdict(state=State.PRESENT, note="left as it is"))
    assert steps.lines(steps.survey([told], Account("a"))) == ("= thing a   left as it is",)
