"""The statement layer: text to typed commands, and nothing recognised by comparing strings."""
