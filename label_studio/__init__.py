"""How people say it: the form they fill in, the tasks they get, and their answers."""
