import pytest

from schemas.errors import UsageError
from schemas.vocabulary.languages import language_code, primary, running_text, spaced


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *[("en", "a b"), ("ko", "a b"), (None, "a b"), ("", "a b"), ("thx", "a b"), ("en-TH", "a b"), ("pt_BR", "a b")],
        *[("zh", "ab"), ("ja", "ab"), ("th", "ab"), ("yue", "ab"), ("lo", "ab"), ("my", "ab")],
        *[("zh-Hant-TW", "ab"), ("ZH_tw", "ab"), ("yue-HK", "ab"), ("ja-JP", "ab"), ("jpn", "ab"), ("cmn-Hans-CN", "ab")],
    ],
)
def test_words_are_joined_as_their_language_is_written(language, text):
    assert running_text(["a", "b"], [language]) == text


def test_a_text_in_two_languages_has_no_spaces_where_one_of_them_has_none():
    assert not spaced(["en", "zh-Hans"])
    assert not spaced([None, "ja"])
    assert spaced(["en", "de"])
    assert spaced([])


def test_a_tag_is_cut_to_its_language():
    assert [primary(tag) for tag in ("zh-Hant-TW", " JA_jp", "en", "")] == ["zh", "ja", "en", ""]


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("en", "en"), ("EN", "en"), ("eng", "en"), ("en-US", "en"), ("English", "en"), (" english ", "en"), ("ger", "de"),
        ("deu", "de"), ("zh-Hant-TW", "zh"), ("cmn", "zh"), ("Mandarin", "zh"), ("Chinese", "zh"), ("yue", "yue"),
        ("Cantonese", "yue"), ("iw", "he"), ("pt_BR", "pt"), ("fil", "fil"), ("Norwegian", "no"),
    ],
)  # fmt: skip
def test_a_language_has_one_code_however_it_is_stated(stated, code):
    assert language_code(stated) == code


@pytest.mark.parametrize("stated", ["", "xx", "klingonish", "12"])
def test_what_is_no_language_is_refused(stated):
    with pytest.raises(UsageError, match="is no language"):
        language_code(stated)
