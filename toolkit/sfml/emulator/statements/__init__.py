"""The statement layer: text to typed commands, and nothing recognised by comparing strings.

``parse(text, inputs)`` gives one statement's command, ``split(text)`` the statements of a text with several,
``count_binds(text)`` the number of values that one takes.
"""

from sfml.emulator.statements.parse import parse
from sfml.emulator.statements.reader import Inputs, count_binds
from sfml.emulator.statements.tokens import split

__all__ = ["Inputs", "count_binds", "parse", "split"]
