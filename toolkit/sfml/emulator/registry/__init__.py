"""The registry behind the account's image repositories: a real one, started when it is first needed."""
