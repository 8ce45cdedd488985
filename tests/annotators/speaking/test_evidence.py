import pytest

from annotators.speaking.evidence import log_odds, met_faces, peak, pooled_fits, rise
from tests.annotators.speaking.meeting import LAGS, LATE, OTHER, OWN, STILL, clip


def fits(values):
    return dict(zip(LAGS, values, strict=True))


def test_ones_own_voice_fits_where_it_is_and_others_do_not():
    assert log_odds(4.0, fits(OWN)) > 1.5
    assert max(log_odds(4.0, fits(values)) for values in (OTHER, LATE, STILL)) < 0


def test_a_voice_that_comes_late_fits_better_elsewhere():
    assert peak(fits(LATE)) < -1.5
    assert rise(fits(OWN)) > 1.5


def test_little_speech_says_little_for_a_face():
    assert 0 < log_odds(0.4, fits(OWN)) < log_odds(1.5, fits(OWN)) < log_odds(6.0, fits(OWN)) == log_odds(9.0, fits(OWN))


def test_meetings_are_pooled_by_their_seconds_lag_by_lag():
    one, other = met_faces([clip(0, [OWN], seconds=6.0), clip(1, [STILL], seconds=2.0)])
    seconds, together = pooled_fits([one, other])
    assert seconds == 8.0
    assert together[0.0] == pytest.approx((6 * OWN[0] + 2 * STILL[0]) / 8)


def test_a_face_that_was_not_looked_at_and_a_clip_without_speech_meet_nobody():
    assert met_faces([clip(0, [None]), clip(1, [OWN], speaker=None)]) == []
