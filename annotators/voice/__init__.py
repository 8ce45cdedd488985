"""How a voice sounds, whatever it says."""
