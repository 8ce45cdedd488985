"""What a version says as a whole, counted in its rows."""
