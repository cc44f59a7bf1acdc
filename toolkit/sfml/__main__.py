"""``python -m sfml`` and the console script: hand over to the command line."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its code."""
    from sfml.cli import main as cli_main

    cli_main()


if __name__ == "__main__":
    main()
