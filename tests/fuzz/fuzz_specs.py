"""The spec checker on anything: nothing is raised, each problem has a place, each report can be written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from engines import arguments, run_atheris, run_hypothesis  # noqa: E402 - needs the path above

if "atheris" in sys.argv:
    import atheris

    with atheris.instrument_imports(include=["sfml.specs"]):
        import sfml.specs.report
        import sfml.specs.sqlfile
        import sfml.specs.syntax
        import sfml.specs.validate  # noqa: F401 - imported to be instrumented

from sfml.specs.report import FORMATS  # noqa: E402
from sfml.specs.rules import BY_ID, RULES  # noqa: E402
from sfml.specs.validate import check_bytes, on_family  # noqa: E402

TARGET = on_family("GPU_NV_S")


def check(content: bytes) -> None:
    """Check the bytes as YAML and as SQL; AssertionError if a problem has no place or no known rule."""
    for file in ("x.yaml", "x.sql"):
        checked = check_bytes(content, file=file, target=TARGET)
        for problem in checked.problems:
            assert problem.rule in BY_ID, problem
            assert problem.line >= 1, problem
            assert problem.column >= 1, problem
            assert problem.message, problem
        for form in FORMATS.values():
            form([checked])


def check_text(text: str) -> None:
    """The same of a text, in UTF-8 where that can be."""
    check(text.encode("utf-8", "surrogatepass"))


def samples() -> Iterator[bytes]:
    """What atheris starts from."""
    from mutants import SERVICE, UNDOCUMENTED

    yield from (rule.wrong.encode()[:8192] for rule in RULES)
    yield from (text.encode() for text in (SERVICE, UNDOCUMENTED))
    yield f"CREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION $${UNDOCUMENTED}$$;".encode()


def main() -> None:
    engine, seconds = arguments()
    if engine == "atheris":
        run_atheris(check, samples(), seconds=seconds)
    from hypothesis import strategies as st

    from spec_strategies import damaged_texts, near_specs

    near = near_specs().map(lambda data: json.dumps(data, ensure_ascii=False))
    strategy = st.one_of(
        near, near, damaged_texts(), st.text(), st.binary().map(lambda b: b.decode("latin-1"))
    )
    print(f"{run_hypothesis(check_text, strategy, seconds=seconds)} examples, nothing raised")


if __name__ == "__main__":
    main()
