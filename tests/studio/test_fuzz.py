"""Whatever is sent that the OpenAPI document describes: it is answered, and never with a fault."""

import itertools
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.studio.conftest import HERE, Client, opened

#: Calls of each request that has parameters, that fit the document and that do not; those that have
#: none are made once: about 170 in all.
CALLS = {"positive": 6, "negative": 3}
QUICK = {"method": "fast", "size": 64}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, picture: Path) -> Iterator[dict[str, Any]]:
    """A studio, and ids of what there is in it."""
    schemathesis = pytest.importorskip("schemathesis")
    with opened(tmp_path_factory.mktemp("fuzzed"), minutes=0.02) as client:
        file = client.upload(picture)["id"]
        run = {"kind": "picture", "content": file, "styles": [{"name": "mosaic"}]}
        state = client.run_to_the_end(**run, settings=QUICK)
        yield {
            "client": client,
            "files": file,
            "runs": state["id"],
            "history": state["history"],
            "operations": list(
                schemathesis.openapi.from_dict(
                    client.get("/api/openapi.json").json()
                ).get_all_operations()
            ),
        }


def sensible(said: Any, file: str) -> Any:  # noqa: ANN401
    """Return a body with an upload that is there, a style that has a name, and quick settings."""
    if isinstance(said, dict):
        real = {"content": file, "clip": file, "file": None, "name": "mosaic", "settings": QUICK}
        return {name: real.get(name, sensible(v, file)) for name, v in said.items()}
    return [sensible(each, file) for each in said] if isinstance(said, list) else said


def test_no_call_is_answered_with_a_fault(
    known: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    import hypothesis
    import schemathesis

    client: Client = known["client"]
    dice, statuses = random.Random(7), list[int]()

    def send(case: Any) -> None:  # noqa: ANN401
        sent = case.as_transport_kwargs(base_url=HERE)
        sent.pop("cookies", None)
        if isinstance(sent.get("data"), bytes | str):
            sent["content"] = sent.pop("data")
        kind = sent["url"].removeprefix(f"{HERE}/api/").partition("/")[0]
        if case.method != "DELETE" and dice.random() < 0.5:
            if kind in known and case.path_parameters:
                case.path_parameters["id"] = known[kind]
                sent["url"] = HERE + case.formatted_path
            if "json" in sent:
                sent["json"] = sensible(sent["json"], known["files"])
        answer = client.request(**sent)
        statuses.append(answer.status_code)
        assert answer.status_code < 500, (sent, answer.text)
        if answer.status_code >= 400:
            assert "Traceback" not in json.loads(answer.content)["error"]

    modes = list(schemathesis.GenerationMode)  # what fits the document, and what does not
    for found, mode in itertools.product(known["operations"], modes):
        settings = hypothesis.settings(
            max_examples=CALLS[mode.value],
            database=None,
            deadline=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        cases = found.ok().as_strategy(generation_mode=mode)
        with suppress(hypothesis.errors.Unsatisfiable):  # nothing does not fit
            settings(hypothesis.given(cases)(send))()  # type: ignore[no-untyped-call]
    assert len(statuses) > 150
    assert {200, 404, 422} <= set(statuses)
    assert not [record for record in caplog.records if record.exc_info]
