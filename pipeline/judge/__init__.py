"""How sure the evidence is, where a clip goes, and what answers teach about both; pure."""
