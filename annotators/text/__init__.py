"""What the words of a transcript say of an emotion."""
