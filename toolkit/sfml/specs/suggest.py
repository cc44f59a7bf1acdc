"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty if none is near."""
    import difflib  # read only where something is wrong

    bare = {_bare(candidate): candidate for candidate in known}
    found = (
        [_bare(word)]
        if _bare(word) in bare
        else difflib.get_close_matches(_bare(word), bare, n=1, cutoff=0.7)
    )
    return bare[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The question as a sentence; empty if nothing is near."""
    found = nearest(word, known)
    return f"did you mean {found!r}?" if found else ""


def _bare(word: str) -> str:
    """Case, '-' and '_' do not count: env_var_name is near envVarName."""
    return word.lower().replace("_", "").replace("-", "")
