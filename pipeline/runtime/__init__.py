"""How work is done whatever the step: context, concurrency, the work store, patience and progress."""
