"""How a voice sounds, whatever it says.

Tested elsewhere: `baselines_voice` in tests/annotators/voice/test_labels_voice_emodb.py, with the labels that are relative to them.
Tested elsewhere: `features` in tests/annotators/voice/test_labels_voice_emodb.py, on speech, with the labels that are made of them.
"""
