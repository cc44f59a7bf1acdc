"""buildx' plain progress: told steps, and the place of a failure."""

from __future__ import annotations

from sfml.images.progress import Progress, failure, line_of

DOCKERFILE = """\
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE} AS one
RUN echo hi
# a comment
RUN --mount=type=cache,target=/x \\
    # inside
    echo two; \\
    echo three >&2; exit 3
"""

# As buildx 0.13 prints it on an engine of 2020, which knows no lines.
FAILED = """\
#0 building with "default" instance using docker driver
#1 [internal] load .dockerignore
#1 DONE 0.0s
#5 [one 2/3] RUN echo hi
#5 0.646 hi
#5 DONE 1.2s
#6 [one 3/3] RUN --mount=type=cache,target=/x     echo two;     echo three >&2; exit 3
#6 0.844 three
#6 0.845 two
#6 ERROR: executor failed running [/bin/sh -c echo two;     exit 3]: exit code: 3
------
 > [one 3/3] RUN --mount=type=cache,target=/x     echo two;     echo three >&2; exit 3:
0.844 three
0.845 two
------
ERROR: failed to solve: executor failed running [/bin/sh -c echo two; exit 3]: exit code: 3
"""


def fed(text: str) -> tuple[Progress, list[str]]:
    progress = Progress()
    told = [line for line in map(progress.feed, text.splitlines()) if line]
    return progress, told


def test_progress__a_step_that_ended__is_told_with_its_time() -> None:
    _, told = fed(FAILED)

    assert told == ["[one 2/3] RUN echo hi  1.2 s"]


def test_progress__a_cached_step__is_told_as_such() -> None:
    _, told = fed("#4 [2/3] COPY --chown=root:root rootfs/ /\n#4 CACHED\n")

    assert told == ["[2/3] COPY rootfs/ /  cached"]


def test_failure__an_old_engine__is_found_by_its_text() -> None:
    progress, _ = fed(FAILED)

    assert failure(progress, DOCKERFILE) == (
        "Dockerfile:5: RUN echo two; echo three >&2; exit 3",
        "three\ntwo",
    )


def test_failure__an_engine_that_names_the_line__is_believed() -> None:
    progress, _ = fed(FAILED + "Dockerfile:9\n--------------------\n   8 |\n   9 | >>> RUN echo\n")

    assert failure(progress, DOCKERFILE)[0].startswith("Dockerfile:9: ")


def test_failure__before_any_step__shows_what_was_said() -> None:
    progress, _ = fed("ERROR: failed to solve: debian:nope: not found\n")

    assert failure(progress, DOCKERFILE) == ("", "ERROR: failed to solve: debian:nope: not found")


def test_line_of__an_instruction_that_is_not_there__is_none() -> None:
    assert line_of("RUN echo four", DOCKERFILE) is None
