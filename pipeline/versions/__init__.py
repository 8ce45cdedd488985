"""What versions there are, if they are whole, and what differs between two.

Tested elsewhere: `causes` in tests/pipeline/versions/test_command.py, as what the command says of two versions.
Tested elsewhere: `change` in tests/pipeline/versions/test_command.py, as what the command says of two versions.
Tested elsewhere: `difference_text` in tests/pipeline/versions/test_command.py, as text and as JSON, which must agree.
Tested elsewhere: `differences` in tests/pipeline/versions/test_command.py, as what the command says of two versions.
Tested elsewhere: `listing` in tests/pipeline/versions/test_command.py, as what the command says.
Tested elsewhere: `membership` in tests/pipeline/versions/test_command.py, as what the command says of two versions.
"""
