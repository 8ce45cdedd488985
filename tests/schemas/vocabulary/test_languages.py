import pytest

from schemas.vocabulary.languages import running_text, spaced


@pytest.mark.parametrize(
    ("language", "text"), [("en", "a b"), ("zh", "ab"), ("ja", "ab"), ("th", "ab"), ("ko", "a b"), (None, "a b")]
)
def test_words_are_joined_as_their_language_is_written(language, text):
    assert running_text(["a", "b"], [language]) == text


def test_a_text_in_two_languages_has_no_spaces_where_one_of_them_has_none():
    assert not spaced(["en", "zh"])
    assert spaced(["en", "de"])
    assert spaced([])
