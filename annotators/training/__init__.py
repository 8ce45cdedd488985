"""Commands that train the small heads that ship in `annotators/heads`."""
