"""What we say: records, claims and provenance, and the Arrow schema derived from them."""
