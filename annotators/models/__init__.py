"""Model files: which there are (`models.toml`), where they are to be had, and the cache that holds them by hash."""
