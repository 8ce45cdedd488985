"""A person at the page, who has only a keyboard, and a look at what the page shows."""

import httpx2

from label_studio.project.form import form

VISIBLE = """() => [...document.querySelectorAll('.af .af-note, .af video, .af audio, .af textarea')]
  .filter(one => one.checkVisibility()).map(one => one.tagName === 'DIV' ? one.innerText.trim() : one.tagName)"""
PLAYERS = """() => [...document.querySelectorAll('.af video, .af audio')].map(one => ({
  tag: one.tagName, shown: one.checkVisibility(), paused: one.paused, muted: one.muted, at: one.currentTime,
  heard: one.webkitAudioDecodedByteCount ?? 0, file: one.src.split('/').pop().split('.').slice(1).join('.')}))"""
CHOICES = """() => [...document.querySelectorAll('.af .ant-radio-wrapper, .af textarea')].filter(one => one.checkVisibility())
  .map(one => one.getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])"""


class Studio:
    """A running server: `url`, `token` of a user who logs in with `email` and `password`, and `clips`, a folder it may serve."""

    def __init__(self, url, token, email, password, clips):
        self.url, self.email, self.password, self.clips = url, email, password, clips
        self.http = httpx2.Client(base_url=url, headers={"Authorization": f"Token {token}"}, timeout=60)

    def project(self, kind, tasks, **asked):
        """Make a project with these tasks; return its number."""
        made = self.said(self.http.post("/api/projects", json={"title": kind, "label_config": form(kind, **asked)}))["id"]
        storage = {"project": made, "path": str(self.clips), "title": "clips", "use_blob_urls": True}
        self.said(self.http.post("/api/storages/localfiles", json=storage))
        self.said(self.http.post(f"/api/projects/{made}/import", json=[{"data": dict(task.data)} for task in tasks]))
        return made

    def annotations(self, project):
        """Return pairs of annotation and task data."""
        tasks = self.said(self.http.get(f"/api/projects/{project}/export?exportType=JSON"))
        return [(one, task["data"]) for task in tasks for one in task["annotations"]]

    def said(self, answer):
        assert answer.status_code < 300, answer.text
        return answer.json()


class Reviewer:
    """One browser window, logged in, at the first task of a project."""

    def __init__(self, browser, studio, project, size=(1366, 768)):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page, self.bad = self.context.new_page(), []
        self.page.on("dialog", lambda dialog: (self.bad.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.bad.append(str(error)))
        self.page.goto(f"{studio.url}/user/login")
        self.page.fill("input[name=email]", studio.email)
        self.page.fill("input[name=password]", studio.password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "login" not in url)
        self.page.goto(f"{studio.url}/projects/{project}/data?labeling=1")
        self.page.wait_for_selector(".af kbd")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(120)

    def tab_to(self, selector, key="Tab"):
        """Return how often the key leads there."""
        for times in range(1, 40):
            self.page.keyboard.press(key)
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return times
        raise AssertionError(f"{key} does not lead to {selector}")

    def submit(self):
        with self.page.expect_response(lambda one: one.url.partition("?")[0].endswith("/annotations")) as sent:
            self.press("Control+Enter")
        assert sent.value.status == 201

    @property
    def visible(self):
        return self.page.evaluate(VISIBLE)

    @property
    def players(self):
        return self.page.evaluate(PLAYERS)

    @property
    def playing(self):
        return [one["tag"] for one in self.players if not one["paused"]]

    @property
    def choices(self):
        """Return left, top, right and bottom of all that can be answered now."""
        return self.page.evaluate(CHOICES)
