"""Of a job's log, the script's lines are told from the launcher's."""

from hypothesis import given
from hypothesis import strategies as st

from sfml.jobs.logs import FINISHED, RULE, STARTED, ScriptLines


def filtered(lines: list[str]) -> list[str]:
    lines_of_script = ScriptLines()
    shown = [out for line in lines for out in lines_of_script.feed(line)]
    return shown + lines_of_script.end()


def test_script_lines__whole_log__only_what_the_script_wrote() -> None:
    log = ["Installing", RULE, STARTED, RULE, "hello", "", "world", RULE, FINISHED, RULE, "Signaling workers"]
    assert filtered(log) == ["hello", "", "world"]


def test_script_lines__failed_script__keeps_the_traceback() -> None:
    assert filtered([RULE, STARTED, RULE, "hello", "Traceback", "ValueError"]) == [
        "hello",
        "Traceback",
        "ValueError",
    ]


TRACEBACK = "Traceback (most recent call last):"
LAUNCHER = '  File "/mnt/job_stage/system/mljob_launcher.py", line 690, in <module>'


def test_script_lines__script_crashed__the_launchers_traceback_is_kept_apart() -> None:
    lines = ScriptLines()
    crash = [TRACEBACK, LAUNCHER, '  File "t.py"', "ValueError: bad"]
    log = [RULE, STARTED, RULE, "hello", *crash, "2026-11-21 12:51:41,379 - INFO - Closed session: 22"]
    assert [out for line in log for out in lines.feed(line)] == ["hello"]
    assert (lines.end(), lines.crash) == ([], crash)


def test_script_lines__traceback_that_the_script_printed__is_its_output() -> None:
    printed = [
        "Traceback (most recent call last):",
        '  File "/app/t.py", line 3, in f',
        "ValueError: bad",
        "on",
    ]
    assert filtered([RULE, STARTED, RULE, *printed]) == printed
    assert filtered([RULE, STARTED, RULE, printed[0]]) == [printed[0]]


def test_script_lines__script_prints_the_end_banner__only_the_last_one_counts() -> None:
    fake = [RULE, FINISHED, RULE]
    assert filtered([RULE, STARTED, RULE, "a", *fake, "b", *fake]) == ["a", *fake, "b"]


@given(st.lists(st.sampled_from([RULE, FINISHED, STARTED, TRACEBACK, "x"]), max_size=12))
def test_script_lines__any_output__stays_whole_and_in_order(output: list[str]) -> None:
    log = ["before", RULE, STARTED, RULE, *output, RULE, FINISHED, RULE, "after"]
    assert filtered(log) == output


def test_script_lines__live__plain_lines_do_not_wait() -> None:
    lines = ScriptLines()
    for line in (RULE, STARTED, RULE):
        lines.feed(line)
    assert lines.feed("epoch 1") == ["epoch 1"]
