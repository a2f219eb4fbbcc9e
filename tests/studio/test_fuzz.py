"""Whatever is sent that the OpenAPI document describes: it is answered, and never with a fault."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.studio.conftest import HERE, Client, opened

#: Calls of each request that fit the document and that do not: about 170 in all.
CALLS = {"positive": 6, "negative": 3}
QUICK = {"method": "fast", "size": 64}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, picture: Path) -> Iterator[dict[str, Any]]:
    """A studio, and ids of what there is in it."""
    schemathesis = pytest.importorskip("schemathesis")
    with opened(tmp_path_factory.mktemp("fuzzed"), minutes=0.002) as client:
        file = client.upload(picture)["id"]
        run = {"kind": "picture", "content": file, "styles": [{"name": "mosaic"}]}
        state = client.run_to_the_end(**run, settings=QUICK)
        document = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
        yield {
            "client": client,
            "files": file,
            "runs": state["id"],
            "history": state["history"],
            "calls": [
                (operation, mode)
                for operation in (each.ok() for each in document.get_all_operations())
                for mode in schemathesis.GenerationMode
                if mode.value == "positive" or may_not_fit(operation.definition.raw)
            ],
        }


def sensible(said: Any, file: str) -> Any:  # noqa: ANN401
    """Return a body with an upload that is there, a style that has a name, and quick settings."""
    style = {"name": "mosaic"}
    real: dict[str, Any] = {"content": file, "contents": [file], "clip": file, "keep": None}
    real |= {"settings": QUICK, "style": style, "styles": [style]}
    if not isinstance(said, dict):
        return said
    return said | {name: each for name, each in real.items() if name in said}


def may_not_fit(operation: dict[str, Any]) -> bool:
    """Tell whether a request has a body or a parameter that can be wrong: no plain text can."""
    parameters = operation.get("parameters", ())
    return "requestBody" in operation or any(
        each["schema"].get("type") != "string" or "enum" in each["schema"] for each in parameters
    )


def test_no_call_is_answered_with_a_fault(
    known: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    import hypothesis

    client: Client = known["client"]
    statuses = list[int]()

    def send(case: Any) -> None:  # noqa: ANN401
        sent = case.as_transport_kwargs(base_url=HERE)
        sent.pop("cookies", None)
        if isinstance(sent.get("data"), bytes | str):
            sent["content"] = sent.pop("data")
        kind = sent["url"].removeprefix(f"{HERE}/api/").partition("/")[0]
        if case.method != "DELETE" and len(statuses) % 2:
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

    for operation, mode in known["calls"]:
        settings = hypothesis.settings(
            max_examples=CALLS[mode.value],
            database=None,
            deadline=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        cases = operation.as_strategy(generation_mode=mode)
        settings(hypothesis.given(cases)(send))()  # type: ignore[no-untyped-call]
    assert len(statuses) > 150
    assert {200, 201, 404, 422} <= set(statuses)
    assert not [record for record in caplog.records if record.exc_info]
