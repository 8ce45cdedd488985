"""A language model behind any server of the OpenAI kind: asked patiently, checked, paid once.

Tested elsewhere: `batch` in tests/annotators/rationale/test_llm.py, as the texts that come back, through kills and lost answers.
"""
