"""What reviewers see and do: form, players, tasks, media, and the answers that they give.

Tested elsewhere: `players` in tests/label_studio/project/test_tasks.py, in the tasks that hold them.
Tested elsewhere: `queue` in tests/label_studio/test_push.py, on a real server that is killed.
"""
