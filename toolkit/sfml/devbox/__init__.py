"""What runs inside a dev box beside its services: the owner's door to its web programs, and the idle stop.

The image ``dev`` starts it with ``python -m sfml.devbox``.
"""
