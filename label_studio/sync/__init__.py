"""How answers come back: pulls, what they remember, and what wakes them."""
