"""A local page that asks which of two results is better, without saying whose they are."""

from __future__ import annotations

import io
import json
import secrets
import threading
from collections import OrderedDict

from PIL import Image

from impasto.batch.sheets import thumbnail
from impasto.evaluation.answers import ANSWERS, Answers, Question
from impasto.evaluation.report import LOOKED_AT
from impasto.local_page import LocalHandler, serve_page

HOST = "127.0.0.1"
#: Questions that may be answered still; pictures of earlier ones are forgotten.
_OPEN = 64
_ROLES = ("photo", "style", "left", "right")


class JudgingPage:
    """Serves questions and takes answers, on this machine only.

    Args:
        answers: Where questions come from and answers go.
        port: 0: any free one.

    Raises:
        ImpastoError: The port is taken.
    """

    def __init__(self, answers: Answers, port: int = 0) -> None:
        self._answers = answers
        self._open: OrderedDict[str, Question] = OrderedDict()
        self._lock = threading.Lock()
        self._server = serve_page(HOST, port, _Handler, self)
        self.url = f"http://{HOST}:{self._server.server_port}/"

    def ask(self) -> str:
        """Return the name of a new question, which says nothing about it."""
        with self._lock:
            name = secrets.token_urlsafe(12)
            self._open[name] = self._answers.question()
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
            return name

    def picture(self, question: str, role: str) -> bytes | None:
        """Return a picture as large as the photo, with nothing in it that says who made it."""
        asked = self._open.get(question)
        if asked is None or role not in _ROLES:
            return None
        photo, data = thumbnail(asked.paths[0], LOOKED_AT), io.BytesIO()
        small = thumbnail(asked.paths[_ROLES.index(role)], LOOKED_AT)
        if small is None or photo is None:
            return None
        if role in ANSWERS:
            small = small.resize(photo.size, Image.Resampling.LANCZOS)
        small.save(data, "jpeg", quality=92)
        return data.getvalue()

    def answer(self, question: str, answer: str) -> int | None:
        """Take an answer, once; return how many there are, None if that was not asked."""
        with self._lock:
            asked = self._open.pop(question, None)
        return None if asked is None else self._answers.add(asked, answer)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(LocalHandler):
    """Answers for a page."""

    page: JudgingPage

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Give the page, a question, or a picture."""
        if not self.is_ours():
            self.send_error(403)
        elif self.path == "/":
            self.send(_PAGE.encode(), "text/html; charset=utf-8")
        elif self.path == "/question":
            self.send(json.dumps({"name": self.page.ask()}).encode(), "application/json")
        else:
            _, question, role = [*self.path.split("/"), "", ""][:3]
            picture = self.page.picture(question, role)
            if picture is None:
                self.send_error(404)
            else:
                self.send(picture, "image/jpeg")

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        """Take an answer: /QUESTION/left, right or equal."""
        _, question, answer = [*self.path.split("/"), "", ""][:3]
        if not self.may_act("judge") or answer not in ANSWERS:
            self.send_error(403)
            return
        count = self.page.answer(question, answer)
        if count is None:
            self.send_error(404)
        else:
            self.send(json.dumps({"answers": count}).encode(), "application/json")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Which is better?</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: dark; font: 15px system-ui, sans-serif }
body { margin: 0; background: #111; color: #ddd; min-height: 100vh; display: flex;
  flex-direction: column; align-items: center; justify-content: center; gap: 1em }
div { display: flex; gap: 1em; justify-content: center; align-items: center }
figure { margin: 0; text-align: center } figcaption { color: #999; padding: .2em }
.given img { max-height: 20vh; max-width: 36vw }
.made img { height: 56vh; width: 47vw; object-fit: contain; cursor: pointer }
.made img:hover { outline: 1px solid #555 }
p { margin: 0 1em; text-align: center } .waiting { opacity: .25 }
kbd { border: 1px solid #555; border-radius: 4px; padding: 0 .4em; margin: 0 .3em 0 1em }
button { font: inherit; color: inherit; background: #222; border: 1px solid #555;
  border-radius: 4px; padding: .3em 1em; cursor: pointer }
</style></head><body>
<p>Which is the better painting of the photo in the manner of the style?</p>
<div class="given"><figure><img id="photo" alt="the photo"><figcaption>photo</figcaption></figure>
<figure><img id="style" alt="the style"><figcaption>style</figcaption></figure></div>
<div class="made"><img id="left" alt="one result"><img id="right" alt="another result"></div>
<p><button id="equal">equally good</button></p>
<p><kbd>←</kbd>left<kbd>→</kbd>right<kbd>↓</kbd>equal <span id="count"></span></p><script>
const keys = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "equal", " ": "equal" };
let question = null, sending = false;
const show = id => new Promise(done => {
  const image = document.getElementById(id);
  image.onload = image.onerror = done;
  image.src = "/" + question + "/" + id;
});
async function next() {
  document.body.classList.add("waiting");
  question = (await (await fetch("/question")).json()).name;
  await Promise.all(["photo", "style", "left", "right"].map(show));
  document.body.classList.remove("waiting");
  sending = false;
}
async function answer(word) {
  if (sending || !question) return;
  sending = true;
  const options = { method: "POST", headers: { "X-Impasto": "judge" } };
  const reply = await fetch("/" + question + "/" + word, options);
  if (reply.ok) {
    const answers = (await reply.json()).answers;
    document.getElementById("count").textContent = " · " + answers + " answers";
  }
  await next();
}
addEventListener("keydown", event => {
  if (!keys[event.key]) return;
  event.preventDefault();
  answer(keys[event.key]);
});
for (const id of ["left", "right", "equal"])
  document.getElementById(id).addEventListener("click", () => answer(id));
sending = true;
next();
</script></body></html>
"""
