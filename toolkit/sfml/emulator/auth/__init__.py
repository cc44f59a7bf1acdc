"""Who may come in: credentials, sessions and their tokens."""
