import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.ingest.sources import find_sources, share_of
from pipeline.runtime.stamps import unchanged
from schemas.errors import ItemError, UsageError


def media(folder, **files):
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_sources_are_found_in_depth_whatever_the_case_of_the_suffix(tmp_path):
    found, dead, _ = find_sources(media(tmp_path, a_mp4=b"1", deep__er__b_MKV=b"2", notes_txt=b"3"))
    assert {one.file for one in found} == {"a.mp4", "deep/er/b.MKV"}
    assert dead == ()


def test_ids_come_from_content_not_from_the_path(tmp_path):
    (one,), _, _ = find_sources(media(tmp_path / "x", a_mp4=b"1"))
    (two,), _, _ = find_sources(media(tmp_path / "y", other_mp4=b"1"))
    assert one.source_id == two.source_id


def test_the_same_bytes_twice_are_kept_once_and_the_copy_is_named(tmp_path):
    found, dead, _ = find_sources(media(tmp_path, a_mp4=b"1", b_mp4=b"1"))
    assert [one.file for one in found] == ["a.mp4"]
    assert [(letter.file, letter.reason) for letter in dead] == [("b.mp4", "the same bytes as a.mp4, which is kept")]


def test_terms_are_read_from_the_table_beside_the_media(tmp_path):
    media(tmp_path, a_mp4=b"1")
    (tmp_path / "sources.csv").write_text("file,licence,speakers,split\na.mp4,CC0-1.0,Ada; Bo,test\n")
    (one,), _, _ = find_sources(tmp_path)
    assert (one.terms.licence, one.terms.speakers, one.terms.split) == ("CC0-1.0", ("Ada", "Bo"), "test")
    assert one.terms.consent is None


def test_an_empty_name_is_nobody(tmp_path):
    media(tmp_path, a_mp4=b"1")
    (tmp_path / "sources.csv").write_text("file,speakers\na.mp4,Ada; ;\n")
    assert find_sources(tmp_path)[0][0].terms.speakers == ("Ada",)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("file,licence\nmissing.mp4,CC0\n", "line 2: no media file 'missing.mp4'"),
        ("file,colour\na.mp4,red\n", "colour"),
        ("licence\nCC0\n", "file"),
        ("file,split\na.mp4,../../up\n", "line 2: split"),
        ("file,split\na.mp4,dev-1\n", "line 2: split"),
        ("file,split\na.mp4,all\n", "line 2: .*every split together"),
        ("file,licence,consent\na.mp4,MIT, really,refused\n", "line 2: a cell too many"),
        ("file,licence,,\na.mp4,MIT,refused,\n", "line 2: a cell too many"),
        ("file,consent\na.mp4,refused\na.mp4,signed\n", "line 3: 'a.mp4' has a line before"),
        ("file,consent,consent\na.mp4,refused,\n", "same name"),
        ('file,consent\na.mp4,"refused\n', "quote left open"),
        ("file,licence\na.mp4," + "x" * 200_000, "not a table"),
        ("file,origin\na.mp4,caf\xe9\n".encode("latin-1"), "not UTF-8"),
        ("file,origin\na.mp4,x\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_the_line(tmp_path, table, says):
    media(tmp_path, a_mp4=b"1")
    (tmp_path / "sources.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(UsageError, match=says):
        find_sources(tmp_path)


def test_subtitles_beside_a_source_belong_to_it_with_or_without_a_language(tmp_path):
    found, _, _ = find_sources(media(tmp_path, a_mp4=b"1", a_srt=b"s", b_mp4=b"2", b_en_vtt=b"v", ab_srt=b"no"))
    names = {one.file: [words.name for words in one.subtitles] for one in found}
    assert names == {"a.mp4": ["a.srt"], "b.mp4": ["b.en.vtt"]}


def test_parts_share_out_every_source_once_and_do_not_depend_on_the_others(tmp_path):
    found, _, _ = find_sources(media(tmp_path, **{f"s{k}_mp4": bytes([k]) for k in range(20)}))
    shares = [share_of(found, k, 3) for k in (1, 2, 3)]
    assert sorted(one.file for share in shares for one in share) == sorted(one.file for one in found)
    assert share_of(found[:7], 1, 3) == tuple(one for one in found[:7] if one in shares[0])


def test_no_folder_and_no_media_are_told_apart(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        find_sources(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no media in it"):
        find_sources(tmp_path)


def test_a_name_that_is_no_unicode_still_gives_a_source(tmp_path):
    (tmp_path / os.fsdecode(b"\xff\xfe.mp4")).write_bytes(b"1")
    (one,), _, _ = find_sources(tmp_path)
    assert one.file == "\\xff\\xfe.mp4"


@contextmanager
def nobody():
    """Have the rights of no user in particular: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("mode", [0, 0o444])
def test_a_folder_that_may_not_be_searched_is_named(mode):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        media(Path(folder), a_mp4=b"1")
        shut = Path(folder, "shut")
        shut.mkdir()
        media(shut, b_mp4=b"2")
        shut.chmod(mode)
        try:
            with nobody(), pytest.raises(UsageError, match=r"cannot search .*shut.*Permission denied"):
                find_sources(Path(folder))
        finally:
            shut.chmod(0o755)


def test_what_the_file_system_keeps_for_itself_is_not_searched(tmp_path):
    media(tmp_path, a_mp4=b"1")
    (tmp_path / "lost+found").mkdir()
    media(tmp_path / "lost+found", b_mp4=b"2")
    assert [one.file for one in find_sources(tmp_path)[0]] == ["a.mp4"]


def test_a_file_that_is_not_the_one_that_was_hashed_is_told(tmp_path):
    media(tmp_path, a_mp4=b"1")
    (tmp_path / "a.srt").write_text("words")
    found = find_sources(tmp_path)[0][0]
    unchanged(found.stamps)
    (tmp_path / "a.srt").write_text("other words")
    with pytest.raises(ItemError, match=r"a\.srt was changed while it was read"):
        unchanged(found.stamps)
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(ItemError, match=r"a\.mp4 cannot be read any more"):
        unchanged(found.stamps)


def test_all_subtitles_that_are_called_as_a_source_are_taken_along_with_what_their_names_say(tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"sound")
    for file in ("TALK.SRT", "talk.de.ASS", "talk.en.sdh.srt", "talk.eng-orig.vtt", "talk.part2.srt", "talk.ttml", "talk.txt"):
        (tmp_path / file).write_text("words")
    ((one,), _, _) = find_sources(tmp_path)
    marks = {words.name: (words.marks.language, words.marks.deaf, words.marks.original) for words in one.subtitles}
    assert marks == {
        "TALK.SRT": (None, False, False),
        "talk.de.ASS": ("de", False, False),
        "talk.en.sdh.srt": ("en", True, False),
        "talk.eng-orig.vtt": ("en", False, True),
        "talk.ttml": (None, False, False),
    }
    assert [Path(stamp.path).name for stamp in one.stamps] == ["talk.wav", *marks]


@pytest.mark.parametrize("language", ["en-US", "eng", "English", "EN", "en_GB"])
def test_a_language_means_the_same_in_any_spelling(language, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "sources.csv").write_text(f"file,language\na.wav,{language}\n")
    ((one,), _, _) = find_sources(tmp_path)
    assert one.terms.language == "en"


def test_what_is_no_language_is_refused_with_its_line(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "sources.csv").write_text("file,language\na.wav,Elvish\n")
    with pytest.raises(UsageError, match=r"sources\.csv, line 2: 'Elvish' is no language"):
        find_sources(tmp_path)
