"""Sizes of images, for people."""

from __future__ import annotations


def text(size: int) -> str:
    """Bytes as ``765 MB`` or ``1.49 GB``, decimal as the engine counts."""
    if size >= 1_000_000_000:
        return f"{size / 1e9:.2f} GB"
    return f"{size / 1e6:.0f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} kB"
