"""People decide what the machines cannot: tasks to Label Studio, answers back."""
