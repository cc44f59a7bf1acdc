"""Where a job's files are, by its specification; and what of it may be removed."""

from typing import Any

import pytest
import yaml

from sfml.jobs.places import Places, StageFile, jobs_in, owner, payload_folder, places

PAYLOAD = "@DB.SC.STAGE/ann-0123456789abcdef01234567/train"


def spec(payload: Any, result: Any, *, streaming: bool = True) -> str:
    def volume(name: str, source: Any) -> dict[str, Any]:
        if streaming:
            return {"name": name, "source": "stage", "stageConfig": {"name": source}}
        return {"name": name, "source": source}

    volumes = [
        {"name": "dshm", "source": "memory"},
        volume("stage-volume", payload),
        volume("result-volume", result),
    ]
    return yaml.safe_dump({"spec": {"volumes": volumes}})


@pytest.mark.parametrize("streaming", [True, False])
def test_places__job_of_ours__payload_and_result(streaming: bool) -> None:
    found = places(spec(PAYLOAD, f"{PAYLOAD}/TRAIN_1", streaming=streaming), "DB.SC.TRAIN_1")
    assert found.payload == PAYLOAD[1:]
    assert found.result == f"{PAYLOAD[1:]}/TRAIN_1"
    assert found.shared == "DB.SC.STAGE/ann-0123456789abcdef01234567"


@pytest.mark.parametrize(
    "result",
    [
        "@DB.SC.STAGE/elsewhere/TRAIN_1",
        PAYLOAD,
        f"{PAYLOAD}/OTHER_JOB",
        f"{PAYLOAD}/../TRAIN_1",
        "@OTHER.SC.STAGE",
        "s3://bucket",
        None,
    ],
)
def test_places__result_that_is_not_the_jobs_own__is_not_taken(result: str | None) -> None:
    assert places(spec(PAYLOAD, result), "DB.SC.TRAIN_1").result is None


@pytest.mark.parametrize(
    "payload", ["@STAGE/train_1", "@STAGE", "@STAGE/ann-0123/train", "@STAGE/x' y/train", "@~/a/b", None]
)
def test_shared__payload_of_somebody_else__is_none(payload: str | None) -> None:
    assert places(spec(payload, f"{payload}/J"), "D.S.J").shared is None


def test_places__no_volumes__nothing() -> None:
    assert places("spec: {}", "D.S.J") == Places(payload=None, result=None)


def test_payload_folder__user_with_odd_letters__is_one_of_ours() -> None:
    folder = payload_folder("@S/sub/", "Ann Ö-Neill@x.org", "0" * 24)
    assert folder == f"S/sub/ann_neill_x_org-{'0' * 24}"
    assert Places(payload=f"{folder}/train", result=None).shared == folder
    assert owner("ÖÄ") == "user"


def test_jobs_in__results_beside_the_payload__their_jobs() -> None:
    names = [
        "train/app/train.py",
        "train/system/x",
        "train/TRAIN_1/mljob_result",
        "train/TRAIN_2/a/b",
        "complete",
    ]
    assert jobs_in([StageFile(name=name, size=1, md5=None) for name in names], "train") == {
        "TRAIN_1",
        "TRAIN_2",
    }
