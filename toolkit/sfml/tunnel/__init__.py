"""SSH inside a WebSocket that outlives its connections; the protocol is in docs/reference/tunnel.md.

This folder stands alone: Python 3.10 or newer, the standard library, nothing else of sfml. An image takes it
as one folder and starts the bridge as an unprivileged user beside sshd::

    COPY tunnel/ /opt/sfml/tunnel/
    PYTHONPATH=/opt/sfml python3 -m tunnel.bridge --port 8022 --owner "$SFML_BOX_OWNER"

``frames``, ``upgrade``, ``messages``, ``stream`` and ``flow`` take bytes and give bytes. Sockets are owned by
the two drivers: ``bridge`` with ``door``, ``target`` and ``channel`` (the server), ``client`` with ``dial``
and ``patience``. ``command`` is the client as a program.
"""
