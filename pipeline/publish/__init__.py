"""A version on the Hub: what may leave, what must not, and how it gets there."""
