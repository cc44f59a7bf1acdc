"""Bytes to typed requests, and typed answers to what the clients read. No state, no sockets."""
