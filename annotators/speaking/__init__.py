"""Who is seen to speak: mouths and sound looked at together, and voices joined to faces over a whole source."""
