"""A language model behind any server of the OpenAI kind: asked patiently, checked, paid once."""
