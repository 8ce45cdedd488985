"""What we say: records, claims, provenance, label spaces, and the Arrow schema derived from them."""
