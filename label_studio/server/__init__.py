"""The server that reviewers use: its environment, accounts, HTTP client, and what it may reach.

Tested elsewhere: `accounts` in tests/label_studio/test_serve.py, on a real server.
Tested elsewhere: `client` in tests/label_studio/test_push.py, on a real server.
Tested elsewhere: `environment` in tests/label_studio/test_serve.py, as it is made and found.
Tested elsewhere: `server_main` in tests/label_studio/test_serve.py, as the process that serves.
"""
