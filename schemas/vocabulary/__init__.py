"""The words that claims are made in: label spaces, modalities, and what can be done with a distribution over labels."""
