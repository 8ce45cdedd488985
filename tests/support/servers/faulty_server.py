"""A server of the OpenAI kind on loopback that answers well, badly, slowly or not at all, and counts what it is asked."""

import gzip
import hashlib
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD, HELD = "good", "held"


def shown(body):
    """Return the evidence that a request shows, as the model sees it."""
    content = body["messages"][1]["content"]
    text = content if isinstance(content, str) else content[0]["text"]
    return json.loads(re.fullmatch(r"<evidence>\n(.*)\n</evidence>", text, re.DOTALL).group(1))


def good(body, **changes):
    """Return a right answer: every sentence cites the first cue."""
    seen = shown(body)
    cites = [seen["cues"][0]["id"]]
    answer = {
        "expressions": [{"text": "glad", "attributes": [{"text": "a broad smile", "cites": cites}]}],
        "rationales": [
            {
                "language": language,
                "sentences": [{"text": "They smile.", "cites": cites}, {"text": "They are glad.", "cites": cites}],
            }
            for language in seen["languages"]
        ],
        "emotion": "Joy",
        "valence": 0.8,
    }
    return json.dumps(answer | changes)


def hashed(body):
    """Return the hash of a request."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


class Faulty:
    """What goes wrong with the next chat requests, in order; after that all go well. What was asked and answered."""

    def __init__(self):
        self.faults, self.asked, self.headers = [], [], []
        self.answered = Counter()
        self.now = self.peak = 0
        self.gate = threading.Event()
        self.lock = threading.Lock()
        self.wanted = 0
        self.files, self.jobs = {}, {}
        self.stuck = False

    def next_fault(self, body, headers):
        """Note a request; return what becomes of it."""
        with self.lock:
            self.asked.append(body)
            self.headers.append(dict(headers))
            return self.faults.pop(0) if self.faults else GOOD

    @contextmanager
    def busy(self):
        """Count requests that are in work at once; where `wanted` is set, hold them until so many are."""
        with self.lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
            if self.wanted and self.now >= self.wanted:
                self.gate.set()
        if self.wanted:
            self.gate.wait(20)
        yield
        with self.lock:
            self.now -= 1


def completion(content, finish="stop", refusal=None):
    """Return the body of an answer."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": "served", "choices": [choice], "usage": usage}


def wrong(body, fault):
    """Return an answer that came, and is wrong."""
    none = [{"language": "en", "sentences": [{"text": "happy", "cites": []}]}]
    unknown = [{"language": "en", "sentences": [{"text": "happy", "cites": ["face.nobody.9"]}]}]
    return {
        "malformed JSON": completion('{"expressions": [ oops'),
        "cut off": completion(good(body)[:40], finish="length"),
        "refusal": completion(None, refusal="I would rather not."),
        "filtered": completion("", finish="content_filter"),
        "wrong schema": completion('{"feeling": "happy"}'),
        "obeys": completion("happy"),
        "empty": completion(""),
        "cites nothing": completion(good(body, rationales=none)),
        "unknown cue": completion(good(body, rationales=unknown)),
        "wrong language": completion(good(body, rationales=[])),
        "fenced": completion(f"<think>{{hm}}</think>Sure!\n```json\n{good(body)}\n```"),
    }[fault]


def batch_post(faulty, path, raw):
    """Take a file, or a job over one."""
    if path.endswith("/files"):
        name = f"file-{len(faulty.files)}"
        faulty.files[name] = re.search(rb'name="file".*?\r\n\r\n(.*?)\r\n--', raw, re.DOTALL).group(1)
        about = {"bytes": len(raw), "created_at": 0, "filename": "x", "purpose": "batch", "status": "processed"}
        return {"id": name, "object": "file", **about}
    asked = json.loads(raw)
    name = f"batch-{len(faulty.jobs)}"
    faulty.jobs[name] = {**asked, "id": name, "object": "batch", "status": "in_progress", "created_at": 100}
    return faulty.jobs[name]


def batch_state(faulty, name):
    """Return a job; at the second look it is done, unless it is stuck."""
    job = faulty.jobs[name]
    looks = job["looks"] = job.get("looks", 0) + 1
    if looks > 1 and not faulty.stuck and job["status"] == "in_progress":
        out = [answer_line(faulty, json.loads(line)) for line in faulty.files[job["input_file_id"]].splitlines()]
        faulty.files[f"out-{name}"] = "\n".join(filter(None, out)).encode()
        job |= {"status": "completed", "output_file_id": f"out-{name}", "completed_at": 160}
    return job


def answer_line(faulty, line):
    """Return the line that answers a line."""
    fault = faulty.next_fault(line["body"], {})
    if fault == "missing":
        return ""
    if isinstance(fault, int):
        return json.dumps({"custom_id": line["custom_id"], "response": {"status_code": fault, "body": {}}})
    faulty.answered[line["custom_id"]] += 1
    return json.dumps({"custom_id": line["custom_id"], "response": {"status_code": 200, "body": completion(good(line["body"]))}})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: Faulty

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.endswith("/chat/completions"):
            return self._send(200, batch_post(self.faulty, self.path, raw))
        body = json.loads(raw)
        fault = self.faulty.next_fault(body, self.headers)
        with self.faulty.busy():
            self._chat(body, fault)
        return None

    def do_GET(self):
        name = self.path.partition("?")[0].split("/")
        if name[-1] == "content":
            return self._send_bytes(self.faulty.files[name[-2]])
        if name[-1] == "batches":
            return self._send(200, {"object": "list", "data": list(self.faulty.jobs.values()), "has_more": False})
        return self._send(200, batch_state(self.faulty, name[-1]))

    def _chat(self, body, fault):
        if fault == GOOD:
            self.faulty.answered[hashed(body)] += 1
            self._send(200, completion(good(body)))
        elif fault == HELD:
            self.faulty.gate.wait(60)
            self._reset()
        elif isinstance(fault, dict):
            self.faulty.answered[hashed(body)] += 1
            self._send(200, completion(**fault))
        elif isinstance(fault, tuple):
            self._send(fault[0], fault[1], fault[2] if len(fault) > 2 else {})
        elif isinstance(fault, int):
            self._send(fault, {"error": {"message": f"{fault} for Bearer {self.headers['Authorization']}", "code": None}})
        elif fault in (broken := self._broken()):
            broken[fault]()
        elif fault == "echoes":
            self._send(200, completion(good(body, emotion=self.headers["Authorization"])))
        elif fault in ("gzip", "zstd"):
            self.faulty.answered[hashed(body)] += 1
            packed = gzip.compress(json.dumps(completion(good(body))).encode())
            self._send_bytes(packed, headers={"Content-Encoding": fault})
        else:
            self.faulty.answered[hashed(body)] += 1
            self._send(200, wrong(body, fault))

    def _broken(self):
        """Return what is no answer, by its name."""
        return {
            "reset": self._reset,
            "drip": self._drip,
            "drips its head": self._drip_head,
            "endless": self._endless,
            "bomb": self._bomb,
            "garbage": lambda: self._send_bytes(b"<html>502 Bad gateway, but 200</html>"),
            "half": self._half,
        }

    def _half(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices"')
        self._reset()

    def _bomb(self):
        packer = zlib.compressobj(wbits=31)
        packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64)) + packer.flush()
        self._send_bytes(packed, headers={"Content-Encoding": "gzip"})

    def _drip_head(self):
        self.send_response(200)
        try:
            self.flush_headers()
            for number in range(600):
                self.wfile.write(f"X-{number}: 1\r\n".encode())
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def _endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        part = b" " * (1 << 16)
        try:
            while True:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        except OSError:
            self.close_connection = True

    def _drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            for _ in range(600):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _send(self, status, body, headers=()):
        self._send_bytes(json.dumps(body).encode(), status, dict(headers))

    def _send_bytes(self, data, status=200, headers=()):
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, *args):
        pass


class Quiet(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


@contextmanager
def serving():
    """Serve; give the server and its address."""
    faulty = Faulty()
    server = Quiet(("127.0.0.1", 0), type("Bound", (Handler,), {"faulty": faulty}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield faulty, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        faulty.gate.set()
        server.shutdown()
        server.server_close()
