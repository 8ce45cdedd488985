"""Who speaks when, and what is said.

Tested elsewhere: `diarization` in tests/annotators/speech/test_turns_pyannote.py, with the models that it joins.
Tested elsewhere: `turns_pyannote_pipeline` in tests/annotators/speech/test_turns_pyannote.py, beside those of the models alone.
"""
