import pytest

from schemas.vocabulary.languages import primary, running_text, spaced


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
