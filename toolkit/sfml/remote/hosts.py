"""What a box may reach: hosts that editors and package installers need, and nothing else unless asked for."""

from __future__ import annotations

from collections.abc import Mapping

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
