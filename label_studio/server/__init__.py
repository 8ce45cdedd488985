"""The server that reviewers use: its environment, accounts, HTTP client, and what it may reach."""
