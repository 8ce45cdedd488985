"""One page that shows whether a version is good."""
