"""A server on loopback that speaks as OpenAI's does, and fails as it is told to."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Faulty:
    """What to do with the next requests, in order (then all goes well), and what was asked."""

    script: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """Requests that were answered well, by the hash of their body."""
    bodies: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)
    delay: float = 0.0
    under_way: int = 0
    most: int = 0
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


def good(body: dict) -> str:
    """Return an answer that keeps to the rules, made out of the question itself."""
    text = body["messages"][1]["content"]
    text = text if isinstance(text, str) else text[0]["text"]
    data = json.loads(text.partition("JSON data:\n")[2])
    languages = text.partition("rationale: ")[2].partition(".")[0].split(", ")
    cue = data["cues"][0]
    sentence = {"text": f"One can tell by this: {cue['text']}.", "cites": [cue["id"]]}
    return json.dumps(
        {
            "expressions": [{"modality": cue["modality"], "text": "a sign", "attributes": [sentence]}],
            "emotion": "happiness" if body.get("seed", 0) % 3 < 2 else "fear",
            "valence": 0.5,
            "rationales": [{"language": language, "sentences": [sentence]} for language in languages],
        }
    )


def completion(text: str | None, finish: str = "stop", refusal: str | None = None) -> bytes:
    message = {"role": "assistant", "content": text, "refusal": refusal}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return json.dumps(
        {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
    ).encode()


@contextmanager
def serving(faulty: Faulty) -> Iterator[Faulty]:
    """Serve on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with faulty.lock:
                faulty.under_way += 1
                faulty.most = max(faulty.most, faulty.under_way)
                what = faulty.script.pop(0) if faulty.script else "good"
                faulty.bodies.append(json.loads(body))
                faulty.headers.append(dict(self.headers))
            time.sleep(faulty.delay)
            try:
                getattr(self, what.partition(":")[0])(json.loads(body), what.partition(":")[2])
                if what == "good":
                    with faulty.lock:
                        faulty.asked[hashlib.sha256(body).hexdigest()] += 1
            finally:
                with faulty.lock:
                    faulty.under_way -= 1

        def answer(self, data: bytes, status: int = 200, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        def good(self, body: dict, _: str) -> None:
            self.answer(completion(good(body)))

        def status(self, _: dict, told: str) -> None:
            status, _, wait = told.partition(",")
            self.answer(b'{"error": {"message": "no"}}', int(status), **({"Retry_After": wait} if wait else {}))

        def schemaless(self, body: dict, _: str) -> None:
            if "response_format" in body:
                self.answer(b'{"error": {"message": "unknown parameter response_format"}}', 400)
            else:
                self.good(body, "")

        def reset(self, _: dict, __: str) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def drip(self, body: dict, _: str) -> None:
            data = completion(good(body))
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                for byte in data:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                self.close_connection = True

        def malformed(self, _: dict, __: str) -> None:
            self.answer(b'{"choices": [{"mess')

        def breaks_off(self, body: dict, _: str) -> None:
            data = completion(good(body))
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def cut(self, body: dict, _: str) -> None:
            self.answer(completion(good(body)[:60], finish="length"))

        def refusal(self, _: dict, __: str) -> None:
            self.answer(completion(None, refusal="I cannot help with that."))

        def empty(self, _: dict, __: str) -> None:
            self.answer(completion(""))

        def schema(self, _: dict, __: str) -> None:
            self.answer(completion('{"emotion": "joyful"}'))

        def uncited(self, body: dict, _: str) -> None:
            made = json.loads(good(body))
            made["rationales"][0]["sentences"][0]["cites"] = []
            self.answer(completion(json.dumps(made)))

        def invented(self, body: dict, _: str) -> None:
            made = json.loads(good(body))
            made["rationales"][0]["sentences"][0]["cites"] = ["face.tears.7"]
            self.answer(completion(json.dumps(made)))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    faulty.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield faulty
    finally:
        server.shutdown()
        server.server_close()
