"""How people say it: what the machines cannot decide goes to Label Studio as tasks, and comes back as answers."""
