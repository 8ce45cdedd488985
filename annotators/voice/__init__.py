"""How a voice sounds, whatever it says.

Tested elsewhere: `baselines_voice` in tests/annotators/voice/test_labels_voice_affect.py, with labels relative to them.
Tested elsewhere: `features` in tests/annotators/voice/test_labels_voice_affect.py, with labels made of them.
"""
