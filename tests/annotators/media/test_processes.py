"""Children that run, fail, stall and are left, and what is said of them."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.media import decoder, processes
from schemas.errors import ItemError, StoppedError, TransientError
from tests.support import making


@given(st.text(min_size=1, max_size=60).filter(lambda name: name != "." and "/" not in name and "\0" not in name))
def test_a_file_is_called_by_its_name_alone_and_the_name_prints(name):
    said = processes.called(Path("/lab/secret") / name)
    assert said.isprintable()
    assert "secret" not in said or "secret" in name
    assert len(said) == len(Path(f"/lab/{name}").name)


def test_an_address_is_absolute_and_can_be_encoded_whatever_the_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert processes.url(Path("-y %d.mp4")) == f"file:{tmp_path}/-y %d.mp4"
    strange = processes.url(tmp_path / os.fsdecode(b"\xff.mp4"))
    assert os.fsencode(strange) == os.fsencode(f"file:{tmp_path}/") + b"\xff.mp4"
    assert str(strange).encode()


@pytest.mark.parametrize(
    ("complaint", "reason"),
    [
        ("[mov,mp4 @ 0x55d0c8a1b2c0] moov atom not found\n", "moov atom not found"),
        ("\n  \n[h264 @ 0x7f00deadbeef] error at 0xdeadbeef00\nsecond", "error at"),
        ("file:/lab/raw/a.mp4: Invalid data", "a.mp4: Invalid data"),
        ("/lab/raw/a.mp4: No such file", "a.mp4: No such file"),
        ("", "no reason given"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_a_complaint_is_its_first_line_without_addresses_and_folders(complaint, reason):
    assert processes.reason(complaint.encode(), Path("/lab/raw/a.mp4")) == reason
    assert processes.reason(b"\xff\xfe broken", Path("/a")).isprintable()


def test_what_ffprobe_says_is_read_and_what_it_refuses_is_told(plain, tmp_path):
    assert processes.ask(plain, "-show_format")["format"]["format_name"].startswith("mov,mp4")
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(ItemError, match="not a media file that ffmpeg can read: "):
        processes.ask(tmp_path / "a.mp4", "-show_format")


def test_a_conversion_counts_its_pictures_and_one_that_fails_names_the_file(plain, tmp_path):
    out = processes.url(tmp_path / "out.mkv")
    assert processes.convert(plain, ["-i", processes.url(plain), "-frames:v", "7", "-an", out]).pictures == 7
    assert processes.convert(plain, ["-i", processes.url(plain), "-vn", processes.url(tmp_path / "out.wav")]).pictures == 0
    with pytest.raises(ItemError, match=rf"{plain.name}: ffmpeg cannot read it: ") as caught:
        processes.convert(plain, ["-i", processes.url(tmp_path / "gone.mp4"), "-f", "null", "-"])
    assert str(tmp_path) not in str(caught.value).replace(str(tmp_path / "gone.mp4"), "")


def test_a_pipe_gives_what_is_asked_for_and_less_only_at_the_end(plain):
    args = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "1", "-f", "s16le", "pipe:"]
    with processes.running(plain, args) as pipe:
        assert [len(pipe.read(size)) for size in (1, 9999, 6000, 6000, 6000)] == [1, 9999, 6000, 0, 0]


def test_output_that_nobody_reads_is_thrown_away(plain):
    args = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "30", "-f", "s16le", "pipe:"]
    with processes.running(plain, args) as pipe:
        pipe.read(10)


def test_a_child_is_ended_when_the_block_raises(plain, monkeypatch):
    born, popen = [], processes.subprocess.Popen
    monkeypatch.setattr(processes.subprocess, "Popen", lambda *a, **k: born.append(popen(*a, **k)) or born[-1])
    endless = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-f", "s16le", "pipe:"]
    with pytest.raises(ZeroDivisionError), processes.running(plain, endless):
        _ = 1 / 0
    assert born[0].returncode is not None and born[0].returncode != 0


def test_complaints_without_end_are_cut_off(plain, tmp_path, monkeypatch):
    (tmp_path / "ffmpeg").write_text(f"#!{sys.executable}\nimport sys\nsys.stderr.write('first\\n' + 'x' * 10**6)\nsys.exit(1)\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ItemError, match=r"ffmpeg cannot read it: first$"), processes.running(plain, []) as pipe:
        pipe.read(1)
    assert len(pipe.complaints) == 2**16


def test_a_child_that_stalls_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "STALL_SECONDS", 0.5)
    os.mkfifo(tmp_path / "never.mp4")
    with pytest.raises(ItemError, match=r"never\.mp4: ffmpeg made no progress"):
        processes.run_ffmpeg(tmp_path / "never.mp4", ["-i", processes.url(tmp_path / "never.mp4"), "-f", "null", "-"])


def test_an_iterator_that_is_left_early_ends_its_child(tmp_path, monkeypatch):
    born, popen = [], processes.subprocess.Popen
    monkeypatch.setattr(processes.subprocess, "Popen", lambda *a, **k: born.append(popen(*a, **k)) or born[-1])
    pictures = decoder.frames(making.video(tmp_path / "a.mp4", seconds=60.0), 50)
    next(pictures)
    pictures.close()
    assert born[-1].args[0] == "ffmpeg" and born[-1].returncode is not None


@pytest.mark.parametrize(
    ("number", "kind", "says"),
    [
        (signal.SIGKILL, StoppedError, "ffmpeg was ended by the system (SIGKILL)"),
        (signal.SIGSEGV, ItemError, "ffmpeg crashed on it (SIGSEGV)"),
        (signal.SIGABRT, ItemError, "ffmpeg crashed on it (SIGABRT)"),
    ],
)
def test_a_child_that_crashes_is_the_files_fault_and_one_that_is_ended_is_the_worlds(plain, number, kind, says):
    endless = ["-stream_loop", "-1", "-i", processes.url(plain), "-f", "rawvideo", "-"]
    with pytest.raises(kind) as raised, processes.running(plain, endless) as pipe:
        pipe.read(1000)
        os.kill(pipe._child.pid, number)
        while pipe.read(2**20):
            pass
    assert str(raised.value).startswith(f"{plain.name}: {says}")


def test_a_disk_that_is_full_is_no_fault_of_the_file(plain):
    with pytest.raises(TransientError, match=f"{plain.name}: ffmpeg cannot write: no space left on device"):
        processes.convert(plain, ["-i", processes.url(plain), "-f", "rawvideo", "-y", "file:/dev/full"])
