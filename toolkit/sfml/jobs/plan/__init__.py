"""The plan of a submit: what a script needs, what the account has of it, and what follows from both."""
