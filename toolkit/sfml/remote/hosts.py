"""What a box may reach: hosts that editors and package installers need, and nothing else unless asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sfml.errors import InputError

# For VS Code's and Cursor's servers (docs.snowflake.com, "Remote development with VS Code").
EDITORS = (
    "update.code.visualstudio.com",
    "vscode.download.prss.microsoft.com",
    "marketplace.visualstudio.com",
    "*.gallerycdn.vsassets.io",
    "download.visualstudio.microsoft.com",
    "marketplace.cursorapi.com",
    "cursor-cdn.com",
    "downloads.cursor.com",
    "anysphere-binaries.s3.us-east-1.amazonaws.com",
)
PACKAGES = ("pypi.org", "files.pythonhosted.org")
# Everywhere; it may stand with these two ports only (docs.snowflake.com, "Network rules").
EVERYWHERE = ("0.0.0.0:443", "0.0.0.0:80")

CHOICES: Mapping[str, tuple[str, ...]] = {
    "editors": (*EDITORS, *PACKAGES),
    "packages": PACKAGES,
    "all": EVERYWHERE,
    "none": (),
}


def hosts(egress: str) -> tuple[str, ...]:
    """The hosts of a choice, or the hosts themselves, parted by commas."""
    if egress in CHOICES:
        return CHOICES[egress]
    named = tuple(host.strip() for host in egress.split(",") if host.strip())
    if not named or any("." not in host for host in named):
        raise InputError(
            f"--egress {egress!r} is neither a choice nor a list of hosts",
            hint=f"choices: {', '.join(CHOICES)}; or host[:port],host[:port]",
        )
    return named


def listed(row: Mapping[str, Any]) -> Sequence[str]:
    """The hosts in a row of DESCRIBE NETWORK RULE."""
    words = [word.strip(" '\"") for word in str(row.get("value_list") or "").strip("[]()").split(",")]
    return [word for word in words if word]


def purpose(egress: Sequence[str]) -> str:
    """What hosts are for, in a plan."""
    choice = next((name for name, there in CHOICES.items() if {*there} == {*egress}), None)
    if choice == "all":
        return "every host, at ports 80 and 443"
    words = {"editors": " for VS Code, Cursor and PyPI", "packages": " for PyPI"}.get(choice or "", "")
    return (
        f"{len(egress)} host{'s' if len(egress) > 1 else ''}{words}: "
        + ", ".join(egress[:3])
        + (", …" if len(egress) > 3 else "")
    )
