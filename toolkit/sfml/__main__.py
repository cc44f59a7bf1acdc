"""``python -m sfml`` and the console script: hand over to the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:  # asked often and by scripts: answered without loading the command line
        from sfml import __version__

        sys.stdout.write(f"sfml {__version__}\n")
        return
    if sys.argv[1:2] == ["ssh-proxy"] and len(sys.argv) == 3:  # ssh waits for it
        from sfml.remote.proxy import main as proxy

        sys.exit(proxy(sys.argv[2]))
    from sfml.cli import main as cli_main

    cli_main()


if __name__ == "__main__":
    main()
