"""From a heard source to cut clips that lie finished in the work store."""
