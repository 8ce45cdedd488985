"""How people say it: what the machines cannot decide goes to Label Studio as tasks, and comes back as answers.

Tested elsewhere: `arguments` in tests/pipeline/test_affectory.py, where all command lines are measured together.
Tested elsewhere: `command` in tests/label_studio/test_serve.py, with the server that it finds.
"""
