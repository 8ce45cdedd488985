"""A server on loopback that speaks enough of the Hub for the real client and for `load_dataset`; it fails where it is told to."""

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.support.servers.hub_store import BESIDE_GIT, USERS, File, Hub, Refusal, Repo, entry


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def setup(self):
        self.hub = type(self).hub  # a connection stays with the hub that it was opened to
        super().setup()

    def log_message(self, *args):
        pass

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        with self.hub.lock:
            self.hub.asked.append((self.command, parts.path))
            number = len(self.hub.asked)
        fault = self.hub.before(number, self.command, parts.path)
        if fault == "lost":
            self.close_connection = True
            return
        try:
            if isinstance(fault, int):
                raise Refusal(fault, says="as the test wants it")
            with self.hub.lock:
                answer = self.answer([unquote(part) for part in parts.path.strip("/").split("/")], parse_qs(parts.query), body)
        except Refusal as refused:
            headers = {"X-Error-Code": refused.code} if refused.code else {}
            answer = refused.status, headers | {"X-Error-Message": refused.says}, json.dumps({"error": refused.says}).encode()
        if self.hub.after(number, self.command, parts.path) == "lost":
            self.close_connection = True
            return
        self.reply(*answer)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_any

    def reply(self, status, headers, data):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    @property
    def user(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in USERS:
            raise Refusal(401, says="Invalid credentials in Authorization header")
        return USERS.get(token)

    def repo(self, owner, name, write=False):
        held, user = self.hub.repos.get(f"{owner}/{name}"), self.user
        mine = user is not None and owner in user[1]
        if held is None or (held.private and not mine):
            raise Refusal(404 if user else 401, "RepoNotFound", "Repository not found")
        if write and not mine:
            raise Refusal(403, says="You do not have the required permissions")
        return held

    def commit(self, repo, revision):
        found = repo.at(revision)
        if found is None:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def answer(self, parts, query, body):  # noqa: PLR0911, PLR0912 - one line for each address
        match parts:
            case ["api", "whoami-v2"]:
                if self.user is None:
                    raise Refusal(401, says="no token")
                return told({"type": "user", "name": self.user[0], "orgs": [{"name": name} for name in self.user[1][1:]]})
            case ["api", "validate-yaml"]:
                return self.validated(json.loads(body)["content"])
            case ["api", "repos", "create"]:
                return self.created(json.loads(body))
            case ["api", "datasets", owner, name, "preupload", _]:
                return self.wanted(self.repo(owner, name, write=True), json.loads(body))
            case ["datasets", owner, name, "info", "lfs", "objects", "batch"]:
                self.repo(owner, name.removesuffix(".git"), write=True)
                return self.batch(json.loads(body))
            case ["store", digest]:
                if hashlib.sha256(body).hexdigest() != digest:
                    raise Refusal(400, says="the bytes are not those of the hash")
                self.hub.stored[digest] = body
                self.hub.sent[digest] += 1
                return 200, {}, b""
            case ["stored", digest]:
                return self.ranged(self.hub.stored[digest])
            case ["api", "datasets", owner, name, "commit", _]:
                return self.committed(self.repo(owner, name, write=True), body, f"{owner}/{name}")
            case ["api", "datasets", owner, name, "tag", revision]:
                return self.tagged(self.repo(owner, name, write=True), revision, json.loads(body))
            case ["api", "datasets", owner, name, "refs"]:
                return self.refs(self.repo(owner, name))
            case ["api", "datasets", owner, name, "commits", revision]:
                return self.history(self.repo(owner, name), revision)
            case ["api", "datasets", owner, name, "tree", revision, *under]:
                return self.tree(self.commit(self.repo(owner, name), revision), "/".join(under), query)
            case ["api", "datasets", owner, name, "paths-info", revision]:
                # The client sends a form here, and JSON everywhere else.
                paths = parse_qs(body.decode()).get("paths", [])
                return self.infos(self.commit(self.repo(owner, name), revision), paths)
            case ["api", "datasets", owner, name, *rest] if rest in ([],) or rest[:1] == ["revision"]:
                return self.info(self.repo(owner, name), f"{owner}/{name}", rest[1] if rest else "main")
            case ["datasets", owner, name, "resolve", revision, *path]:
                return self.resolved(self.commit(self.repo(owner, name), revision), "/".join(path))
        raise Refusal(404, says=f"this server does not know {self.command} {self.path}")

    def validated(self, content):
        try:
            head = yaml.safe_load(content.split("---")[1])
        except yaml.YAMLError as error:
            return 400, {}, json.dumps({"errors": [{"message": f"YAML: {error}"}], "warnings": []}).encode()
        return told({"errors": [], "warnings": [] if head else [{"message": "empty metadata"}]})

    def created(self, asked):
        user = self.user
        owner = asked.get("organization") or (user[0] if user else "")
        if user is None:
            raise Refusal(401, says="no token")
        if owner not in user[1]:
            raise Refusal(403, says=f"You do not have the rights to create a dataset under the namespace {owner!r}")
        name = f"{owner}/{asked['name']}"
        url = {"url": f"{self.base}/datasets/{name}", "name": name}
        if name in self.hub.repos:
            return 409, {}, json.dumps(url | {"error": "You already created this dataset repo"}).encode()
        held = self.hub.repos[name] = Repo(private=asked.get("visibility") == "private" or bool(asked.get("private")))
        attributes = "".join(f"*{end} filter=lfs diff=lfs merge=lfs -text\n" for end in BESIDE_GIT)
        held.add("initial commit", {".gitattributes": File(attributes.encode(), beside=False)})
        return told(url)

    @property
    def base(self):
        return f"http://{self.headers['Host']}"

    def wanted(self, repo, asked):
        there = repo.at("main").files
        files = []
        for file in asked["files"]:
            beside = file["path"].endswith(BESIDE_GIT)
            held = there.get(file["path"])
            known = {"oid": held.sha256 if held.beside else held.oid} if held else {}
            files.append({"path": file["path"], "uploadMode": "lfs" if beside else "regular", "shouldIgnore": False, **known})
        return told({"files": files, "commitOid": repo.main})

    def batch(self, asked):
        objects = []
        for one in asked["objects"]:
            upload = {"upload": {"href": f"{self.base}/store/{one['oid']}", "header": {}}}
            objects.append(one | ({} if one["oid"] in self.hub.stored else {"actions": upload}))
        return told({"transfer": "basic", "objects": objects})

    def committed(self, repo, body, name):
        lines = [json.loads(line) for line in body.splitlines()]
        head = lines[0]["value"]
        if head.get("parentCommit") not in {None, repo.main}:
            raise Refusal(412, says="A commit has happened since. Please refresh and try again.")
        files = dict(repo.at("main").files)
        for line in lines[1:]:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = File(base64.b64decode(value["content"]), beside=False)
                case "lfsFile":
                    if value["oid"] not in self.hub.stored:
                        raise Refusal(400, says=f"{value['path']} was not sent")
                    files[value["path"]] = File(self.hub.stored[value["oid"]], beside=True)
                case "deletedFile":
                    if files.pop(value["path"], None) is None:
                        raise Refusal(404, "EntryNotFound", "A file with this name doesn't exist")
        oid = repo.add(head["summary"], files)
        return told({"success": True, "commitUrl": f"{self.base}/datasets/{name}/commit/{oid}", "commitOid": oid})

    def tagged(self, repo, revision, asked):
        if asked["tag"] in repo.tags:
            raise Refusal(409, says="Tag reference exists already")
        repo.tags[asked["tag"]] = self.commit(repo, revision).oid
        return told({})

    def refs(self, repo):
        tags = [{"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid} for name, oid in repo.tags.items()]
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.main}
        return told({"branches": [main], "converts": [], "tags": tags})

    def history(self, repo, revision):
        found, entries = self.commit(repo, revision), []
        while found is not None:
            day = datetime(2026, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", ".000Z")
            entries.append({"id": found.oid, "title": found.title, "message": "", "date": day, "authors": [{"user": "lab"}]})
            found = repo.commits.get(found.parent)
        return told(entries)

    def tree(self, commit, under, query):
        recursive = query.get("recursive", ["false"])[0].lower() == "true"
        paths = [path for path in sorted(commit.files) if not under or path.startswith(f"{under}/")]
        if under and not paths:
            raise Refusal(404, "EntryNotFound", f"{under} does not exist")
        folders, files = {}, []
        for path in paths:
            inner = path[len(under) + 1 :] if under else path
            for depth in range(1, inner.count("/") + 1):
                folder = "/".join(([under] if under else []) + inner.split("/")[:depth])
                folders[folder] = {
                    "type": "directory",
                    "path": folder,
                    "oid": hashlib.sha1(folder.encode()).hexdigest(),
                    "size": 0,
                }
            files.append((path, "/" in inner))
        shown = [entry for path, entry in folders.items() if recursive or "/" not in path[len(under) :].strip("/")]
        return told(shown + [entry(path, commit.files[path]) for path, deep in files if recursive or not deep])

    def infos(self, commit, paths):
        folders = {path.rpartition("/")[0] for path in commit.files}
        found = [entry(path, commit.files[path]) for path in paths if path in commit.files]
        found += [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in paths if path in folders and path]
        return told(found)

    def info(self, repo, name, revision):
        commit = self.commit(repo, revision)
        return told(
            {
                "id": name,
                "sha": commit.oid,
                "private": repo.private,
                "gated": False,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": [{"rfilename": path} for path in sorted(commit.files)],
            }
        )

    def resolved(self, commit, path):
        file = commit.files.get(path)
        if file is None:
            raise Refusal(404, "EntryNotFound", f"{path} is not there")
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{file.oid}"', "Accept-Ranges": "bytes"}
        if not file.beside:
            return self.ranged(file.content, headers)
        # To another host name: a client that follows by itself would lose the headers of this answer.
        place = f"{self.base.replace('127.0.0.1', 'localhost')}/stored/{file.sha256}"
        linked = {"X-Linked-Size": str(len(file.content)), "X-Linked-Etag": f'"{file.sha256}"', "Location": place}
        return 302, headers | linked, b""

    def ranged(self, content, headers=None):
        headers = {"Accept-Ranges": "bytes", **(headers or {})}
        asked = self.headers.get("Range", "")
        if not asked.startswith("bytes="):
            return 200, headers | {"Content-Length": str(len(content))}, content
        start, _, end = asked.removeprefix("bytes=").partition("-")
        first = int(start) if start else len(content) - int(end)
        last = min(int(end), len(content) - 1) if start and end else len(content) - 1
        part = content[first : last + 1]
        return 206, headers | {"Content-Range": f"bytes {first}-{last}/{len(content)}", "Content-Length": str(len(part))}, part


def told(value):
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


class Server:
    """Where hubs are served: one at a time, each as good as new."""

    def __init__(self):
        self._handler = type("Bound", (Handler,), {"hub": Hub()})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def renewed(self):
        """Return a hub that nobody has spoken to, in the place of the last one."""
        self._handler.hub = Hub()
        return self._handler.hub

    @contextmanager
    def running(self):
        """Serve until the end of the block."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
