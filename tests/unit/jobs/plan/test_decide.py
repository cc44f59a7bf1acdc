"""From a script and an account to a plan: the request that follows, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from sfml.config import SYSTEM_GPU_POOL, SYSTEM_POOL
from sfml.errors import InputError, RefusedError
from sfml.jobs.payload import Payload
from sfml.jobs.plan import show
from sfml.jobs.plan.decide import Settings, complete
from sfml.jobs.plan.draft import Draft, Runtime, draft
from sfml.jobs.plan.egress import Integration
from sfml.jobs.plan.look import Account
from sfml.jobs.plan.model import Hardware, Plan, Way, Wishes, choice
from sfml.jobs.request import Request
from sfml.pools import Pool
from sfml.sql import Name

TRAIN = """import argparse
import rich
import torch
from transformers import AutoModel
parser = argparse.ArgumentParser()
parser.add_argument("--output-dir", default="out")
args = parser.parse_args()
model = AutoModel.from_pretrained("bert-base-cased").to("cuda")
model.save_pretrained(args.output_dir)
"""
POOLS = (
    Pool(name="OWN_CPU", family="CPU_X64_S", state="IDLE", max_nodes=2, idle_nodes=1),
    Pool(name=SYSTEM_POOL, family="CPU_X64_S", state="SUSPENDED", max_nodes=9),
    Pool(name=SYSTEM_GPU_POOL, family="GPU_NV_S", state="SUSPENDED", max_nodes=9),
)
HF = Integration(name="HF_EAI", hosts=("huggingface.co", "*.huggingface.co", "*.hf.co", "*.xethub.hf.co"))
ACCOUNT = Account(
    pools=POOLS,
    integrations=(HF,),
    repository="snowflake.snowpark.pypi_shared_repository",
    schema=Name(("DB", "PUBLIC")),
    role="ML",
)
DEFAULTS = Settings(pool_origin="default", user="ann")
RUNTIME = Runtime(python="3.11")


@pytest.fixture
def drafted(tmp_path: Path) -> Callable[..., Draft]:
    def make(
        text: str = TRAIN, files: dict[str, str] | None = None, wishes: Wishes | None = None, **more: object
    ) -> Draft:
        for name, content in {"train.py": text, **(files or {})}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content)
        asked: dict[str, object] = {
            "payload": Payload(source=tmp_path / "train.py", entrypoint=PurePosixPath("train.py")),
            "compute_pool": SYSTEM_POOL,
            "stage": "S",
            "name": "train",
            **more,
        }
        return draft(Request(**asked), wishes or Wishes(), RUNTIME)  # type: ignore[arg-type]

    return make


def lines(plan: Plan, section: str) -> str:
    return "\n".join(map(str, plan.sections[section]))


def test_plan__a_gpu_script__gets_pool_packages_integration_and_result_stage(
    drafted: Callable[..., Draft],
) -> None:
    plan = complete(drafted(), ACCOUNT, DEFAULTS)
    request = plan.request
    assert plan.refusals == ()
    assert request.compute_pool == SYSTEM_GPU_POOL
    assert request.requirements == ("rich",)
    assert (request.eai, request.artifact_repositories) == (("HF_EAI",), (ACCOUNT.repository,))
    assert request.args == ("--output-dir", "$MLRS_STAGE_RESULT_PATH")
    assert "OWN_CPU has no GPU" in lines(plan, "pool")
    assert "train.py:8" in lines(plan, "hardware")
    assert "rich (import, train.py:2)" in lines(plan, "packages")
    assert "HF_EAI covers it" in lines(plan, "network")
    assert show.text(plan).startswith(
        "Plan  train.py --output-dir $MLRS_STAGE_RESULT_PATH -> ML Job on SYSTEM_"
    )


def test_plan__a_script_that_needs_nothing__is_the_request_as_it_was(drafted: Callable[..., Draft]) -> None:
    found = drafted("print(1)\n", compute_pool="MINE")
    account = Account(pools=(Pool(name="MINE", family="CPU_X64_S", state="IDLE", max_nodes=1),))
    plan = complete(found, account, Settings(pool_origin="--compute-pool", user="ann"))
    assert (plan.request, plan.refusals) == (found.asked, ())
    assert plan.request.seen_pool == account.pools[0]  # nobody has to ask for it again


def test_plan__no_integration__is_refused_with_the_hosts_and_the_sql(drafted: Callable[..., Draft]) -> None:
    account = Account(pools=POOLS, repository="r.r.r", schema=Name(("DB", "PUBLIC")), role="ML")
    (refusal,) = complete(drafted(), account, DEFAULTS).refusals
    assert refusal.error is RefusedError
    assert "huggingface.co (train.py:8)" in refusal.message
    assert "GRANT USAGE ON INTEGRATION HUGGINGFACE_EAI TO ROLE ML;" in refusal.hint
    assert "pypi" not in refusal.hint.lower()


def test_plan__no_repository__wants_an_integration_for_the_packages(drafted: Callable[..., Draft]) -> None:
    account = Account(pools=POOLS, integrations=(HF,), schema=Name(("DB", "PUBLIC")), role="ML")
    (refusal,) = complete(drafted(), account, DEFAULTS).refusals
    assert "SNOWFLAKE.EXTERNAL_ACCESS.PYPI_RULE" in refusal.hint
    assert "HUGGINGFACE" not in refusal.hint


def test_plan__no_repository_and_a_pypi_integration__takes_that(drafted: Callable[..., Draft]) -> None:
    pypi = Integration(name="PYPI_EAI", hosts=("pypi.org", "files.pythonhosted.org"))
    account = Account(pools=POOLS, integrations=(HF, pypi))
    plan = complete(drafted(), account, DEFAULTS)
    assert (set(plan.request.eai), plan.request.artifact_repositories) == ({"HF_EAI", "PYPI_EAI"}, ())


def test_plan__the_chosen_pool_has_no_gpu__is_refused_with_what_would_help(
    drafted: Callable[..., Draft],
) -> None:
    found = drafted(compute_pool="own_cpu")
    plan = complete(found, ACCOUNT, Settings(pool_origin="sfml.yaml:3", user="ann"))
    (refusal,) = plan.refusals
    assert plan.request.compute_pool == "own_cpu"
    assert "train.py:8" in refusal.message
    assert "CREATE COMPUTE POOL IF NOT EXISTS SFML_GPU_POOL_ANN" in refusal.hint
    assert "sfml.yaml:3" in lines(plan, "pool")


def test_plan__hardware_is_the_users_choice__wins_over_the_code(drafted: Callable[..., Draft]) -> None:
    wishes = Wishes(hardware=Hardware.CPU, origins={"hardware": "--hardware"})
    plan = complete(drafted(wishes=wishes), ACCOUNT, DEFAULTS)
    assert plan.request.compute_pool == "OWN_CPU"
    assert lines(plan, "hardware") == "CPU   --hardware"


def test_plan__a_gpu_where_there_is_one__goes_to_a_cpu_where_there_is_none(
    drafted: Callable[..., Draft],
) -> None:
    text = "import torch\ntorch.ones(1).to('cuda' if torch.cuda.is_available() else 'cpu')\n"
    found = drafted(text)
    assert complete(found, ACCOUNT, DEFAULTS).request.compute_pool == SYSTEM_GPU_POOL
    cpu_only = Account(pools=POOLS[:2])
    plan = complete(found, cpu_only, DEFAULTS)
    assert (plan.request.compute_pool, plan.refusals) == ("OWN_CPU", ())


def test_draft__a_script_that_imports_its_neighbours__travels_with_its_folder(
    drafted: Callable[..., Draft], tmp_path: Path
) -> None:
    files = {"data/loader.py": "ROWS = 1\n", "requirements.txt": "rich==13.1\n"}
    found = drafted("import rich\nfrom data.loader import ROWS\n", files)
    assert found.request.payload == Payload(source=tmp_path, entrypoint=PurePosixPath("train.py"))
    assert found.request.requirements == ()  # the folder's own file does it
    assert "data/loader.py" in str(found.sections["method"][0])
    alone = drafted("import rich\nfrom data.loader import ROWS\n", wishes=Wishes(way=Way.FILE))
    assert alone.request.payload == alone.asked.payload
    assert alone.request.requirements == ("rich==13.1",)
    assert "data/loader.py" in str(alone.warnings[0])


def test_draft__packages_by_flag__are_taken_and_what_they_lack_is_said(drafted: Callable[..., Draft]) -> None:
    found = drafted("import rich, polars\n", requirements=("rich==13.1",))
    assert found.request.requirements == ("rich==13.1",)
    assert "polars" in str(found.sections["packages"][-1])


def test_draft__nothing_to_be_inferred__is_the_request_itself(drafted: Callable[..., Draft]) -> None:
    found = drafted(wishes=Wishes(infer=False), requirements=("rich",))
    assert (found.request, found.analysis) == (found.asked, None)


def test_plan__account_not_asked__says_so_and_refuses_nothing(drafted: Callable[..., Draft]) -> None:
    plan = complete(drafted(), Account(asked=False), DEFAULTS)
    assert "not asked" in lines(plan, "network")
    assert (plan.refusals, plan.request.compute_pool) == ((), SYSTEM_GPU_POOL)


def test_choice__an_unknown_word__names_where_it_stands_and_what_there_is() -> None:
    with pytest.raises(InputError, match=r"sfml.yaml:2: hardware is gpu or cpu, not 'tpu'"):
        choice(Hardware, "hardware", "tpu", {"hardware": "sfml.yaml:2"})


def test_draft__a_python_that_no_runtime_has__is_a_warning(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("print(1)\n")
    asked = Request(
        payload=Payload(source=script, entrypoint=PurePosixPath("train.py")),
        compute_pool="P",
        stage="S",
        name="train",
    )
    (warning,) = draft(asked, Wishes(), Runtime(python="3.14")).warnings
    assert "Python 3.14" in warning.text
    assert draft(asked, Wishes(), RUNTIME).warnings == ()


def test_draft__the_folder_that_travels__is_told_with_what_stays(
    drafted: Callable[..., Draft], tmp_path: Path
) -> None:
    files = {"data.py": "ROWS = 1\n", ".gitignore": "*.bin\n", "weights.bin": "0" * 5000}
    found = drafted("from data import ROWS\n", files)
    (item,) = found.sections["payload"]
    assert item.text.startswith("3 files, ")
    assert "weights.bin" in item.text
    limited = replace(found.asked.payload, max_bytes=10)  # type: ignore[type-var]
    with pytest.raises(InputError):  # the user's own limit holds for the folder, too
        draft(replace(found.asked, payload=limited), Wishes(), RUNTIME)
