"""From a folder to sources: files found, named by content, and looked into."""
