"""A local page that asks which of two results is better, without saying whose they are."""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from pathlib import Path

from PIL import Image

from impasto.batch.sheets import jpeg, thumbnail
from impasto.evaluation.answers import ANSWERS, Answers, Question
from impasto.evaluation.report import LOOKED_AT
from impasto.local_page import LocalHandler, LocalPage, page_text

HOST = "127.0.0.1"
_HTML = Path(__file__).with_name("judge.html")
#: Questions that may still be answered; earlier ones are forgotten.
_OPEN = 64
_ROLES = ("photo", "style", "left", "right")


class JudgingPage(LocalPage):
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
        super().__init__(HOST, port, _Handler)

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
        photo = thumbnail(asked.paths[0], LOOKED_AT)
        small = thumbnail(asked.paths[_ROLES.index(role)], LOOKED_AT)
        if small is None or photo is None:
            return None
        if role in ANSWERS:
            small = small.resize(photo.size, Image.Resampling.LANCZOS)
        return jpeg(small, 92)

    def answer(self, question: str, answer: str) -> int | None:
        """Take an answer, once; return how many there are, None if that was not asked."""
        with self._lock:
            asked = self._open.pop(question, None)
        return None if asked is None else self._answers.add(asked, answer)


class _Handler(LocalHandler):
    """Answers for a page."""

    page: JudgingPage

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """Give the page, a question, or a picture."""
        if not self.is_ours():
            self.send_error(403)
        elif self.path == "/":
            self.send(page_text(_HTML).encode(), "text/html; charset=utf-8")
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
