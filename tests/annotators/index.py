"""A Python index on loopback, with packages made on the spot and servers that fail as servers do."""

import hashlib
import io
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def wheel(members):
    """Return the bytes of a wheel with these members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return made.getvalue()


def sdist(members):
    """Return the bytes of a source archive with these members."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as bundle:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
    return made.getvalue()


def sha256(content):
    """Return the hash of some bytes."""
    return hashlib.sha256(content).hexdigest()


class Index:
    """What is served (path to bytes), what went wrong at first (path to a list of faults), and what was asked."""

    def __init__(self):
        self.files = {}
        self.faults = {}
        self.asked = []

    def add(self, project, name, content):
        """Serve an archive as the index would."""
        self.files[f"/files/{name}"] = content
        page = f'<!DOCTYPE html><a href="../../files/{name}#sha256={sha256(content)}">{name}</a>'
        self.files[f"/simple/{project}/"] = page.encode()


def handler(index):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            index.asked.append((self.path, dict(self.headers)))
            faults = index.faults.get(self.path, [])
            fault = faults.pop(0) if faults else None
            content = index.files.get(self.path)
            if isinstance(fault, int):
                return self.send_error(fault)
            if content is None:
                return self.send_error(404)
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start : len(content) // 2] if fault == "cut" else content[start:])
            return None

        def log_message(self, *args):
            pass

    return Handler


@contextmanager
def serving():
    """Serve an index; give it and its address."""
    index = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(index))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield index, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
