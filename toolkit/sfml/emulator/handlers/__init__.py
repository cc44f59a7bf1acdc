"""Handlers: one module per kind of command; each turns a typed command into an answer or a fault."""
