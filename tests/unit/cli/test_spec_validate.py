from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfml import cli
from sfml.specs.rules.cases import container, image, top

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run ``sfml spec …`` in an empty folder with these files; exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str, **files: str) -> tuple[int, str, str]:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        code = cli.run(["spec", *args])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_spec_validate__clean_file__exits_0_and_says_what_was_checked(run: Any) -> None:
    assert run("validate", "a.yaml", a_yaml=top("")) == (
        0,
        "1 spec in 1 file checked, 0 errors, 0 warnings\n",
        "",
    )


def test_spec_validate__problem__exits_1_with_place_rule_fix_and_docs(run: Any) -> None:
    code, out, _ = run("validate", "a.yaml", a_yaml=image("app"))
    assert code == 1
    first, fix, see, count = out.splitlines()
    assert first.startswith("a.yaml:4:12: error SPCS040 containers[0].image: 'app' is not an image")
    assert fix.startswith("    fix: ")
    assert see.endswith("docs/reference/spec-rules.md#spcs040")
    assert count == "1 spec in 1 file checked, 1 error, 0 warnings"


def test_spec_validate__warning__fails_under_strict_only(run: Any) -> None:
    text = image("/db/schema/repo/app")
    assert run("validate", "a.yaml", a_yaml=text)[0] == 0
    assert run("validate", "--strict", "a.yaml")[0] == 1


def test_spec_validate__missing_file__is_counted_apart(run: Any) -> None:
    code, out, _ = run("validate", "none.yaml")
    assert code == 1
    assert "SPCS001 cannot read it" in out
    assert out.endswith("0 specs in 0 files checked, 1 error, 0 warnings, 1 file could not be read\n")


def test_spec_validate__folder__takes_specs_and_names_what_it_skips(run: Any) -> None:
    code, out, err = run(
        "validate",
        ".",
        a_yaml=top(""),
        sub__b_yml=top(""),
        values_yaml="cpu: 1\n",
        deploy_yaml="apiVersion: v1\nkind: Pod\nspec: {}\n",
        create_sql="CREATE SERVICE s FROM SPECIFICATION $$\n" + top("") + "$$;",
        other_sql="SELECT 1",
    )
    assert (code, out) == (0, "3 specs in 3 files checked, 0 errors, 0 warnings\n")
    assert err.startswith("3 skipped, for they hold no spec: ")


def test_spec_validate__template_with_values_beside_it__is_rendered_first(run: Any) -> None:
    template = container("env:\n  {% for n in names %}\n  {{ n }}: x\n  {% endfor %}") + "  bad: 1\n"
    files = {"sub__t_yaml_j2": template, "sub__t_values_yaml": "names: [A, B]\n"}
    code, out, _ = run("validate", "sub", **files)
    assert code == 1
    assert "sub/t.yaml.j2 (rendered):8:3: error SPCS020" in out


def test_spec_validate__family_and_kind__are_for_all_files(run: Any) -> None:
    text = container("resources:\n  requests: {memory: 8Gi}\nreadinessProbe: {port: 1, path: /}")
    code, out, _ = run("validate", "--family", "CPU_X64_XS", "--kind", "job", "a.yaml", a_yaml=text)
    assert code == 1
    assert "SPCS085" in out
    assert "SPCS151" in out


def test_spec_validate__unknown_family__is_a_mistake_of_the_command_line(run: Any) -> None:
    code, _, err = run("validate", "--family", "CPU_X64_XXS", "a.yaml", a_yaml=top(""))
    assert code == 2
    assert "did you mean" in err


def test_spec_validate__json__has_every_file_with_its_state(run: Any) -> None:
    files = {"a_yaml": top(""), "b_yaml": image("app")}
    code, out, _ = run("validate", "-o", "json", "a.yaml", "b.yaml", "none.yaml", **files)
    found = {entry["file"]: entry for entry in json.loads(out)["files"]}
    assert code == 1
    assert {name: entry["state"] for name, entry in found.items()} == {
        "a.yaml": "valid",
        "b.yaml": "invalid",
        "none.yaml": "unreadable",
    }
    assert found["b.yaml"]["problems"][0]["path"] == "containers[0].image"


def test_spec_validate__github__is_one_command_a_problem(run: Any) -> None:
    _, out, _ = run("validate", "-o", "github", "a.yaml", a_yaml=image("a%b"))
    assert out.startswith("::error file=a.yaml,line=4,col=12,title=SPCS040::'a%25b' is not")


def test_spec_validate__sarif__names_rules_and_places(run: Any) -> None:
    _, out, _ = run("validate", "-o", "sarif", "a.yaml", a_yaml=image("app"))
    (found,) = json.loads(out)["runs"]
    assert [rule["id"] for rule in found["tool"]["driver"]["rules"]] == ["SPCS040"]
    place = found["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a.yaml"
    assert place["region"] == {"startLine": 4, "startColumn": 12}


def test_spec_explain__rule_and_key__are_told(run: Any) -> None:
    assert "## SPCS042" in run("explain", "spcs042")[1]
    assert "takes a whole number from 1 to 65535" in run("explain", "containers[0].readinessProbe.port")[1]
    assert "nvidia.com/gpu" in run("explain", "spec.containers.resources.limits")[1]
    assert "a whole number, 1 or more" in run("explain", "containers.resources.limits.nvidia.com/gpu")[1]


def test_spec_explain__neither__exits_102_with_a_suggestion(run: Any) -> None:
    code, _, err = run("explain", "SPCS0422")
    assert code == 102
    assert "SPCS042" in err


def test_spec_schema__printed__is_the_shipped_file(run: Any) -> None:
    shipped = (ROOT / "toolkit" / "sfml" / "specs" / "spec.schema.json").read_text(encoding="utf-8")
    assert run("schema")[1] == shipped
    assert run("schema", "--modeline")[1].startswith("# yaml-language-server: $schema=https://")


def test_spec_validate__the_projects_own_templates__are_clean(run: Any) -> None:
    code, out, _ = run("validate", str(ROOT / "specs"))
    assert (code, out.splitlines()[-1].split(",")[1:]) == (0, [" 0 errors", " 0 warnings"])


def test_spec_validate__family_of_the_account__is_known_once_it_was_asked(run: Any, tmp_path: Path) -> None:
    from sfml.specs import families

    small = families.Family(name="GPU_NEW", clouds=(), vcpu=1, memory_gib=1, storage_gb=None)
    text = "# sfml: family=GPU_NEW\n" + container("resources:\n  requests: {memory: 2Gi}")
    assert "SPCS016" in run("validate", "a.yaml", a_yaml=text)[1]
    state = tmp_path / ".sfml"
    state.mkdir(exist_ok=True)
    (state / "families.json").write_text(families.dump([small], seen_on=families.CAPACITY_DATE))
    assert "a node of GPU_NEW has 1" in run("validate", "a.yaml")[1]


def test_spec_validate__template_that_cannot_be_rendered__does_not_hide_the_others(run: Any) -> None:
    code, out, _ = run(
        "validate", ".", t_yaml_j2="spec: {{ missing }}\n", t_values_yaml="a: 1\n", u_yaml=image("app")
    )
    assert code == 1
    assert "SPCS001 cannot render it: " in out
    assert "u.yaml:4:12: error SPCS040" in out


def test_spec_validate__folder__leaves_out_what_only_mentions_a_spec(run: Any) -> None:
    nested = '{\n  "components": {\n  "spec": {}\n  }\n}\n'
    code, out, err = run("validate", ".", a_json=nested, b_json='{"spec": {}}', c_yaml="job:\n  spec: {}\n")
    assert code == 1
    assert out.endswith("1 spec in 1 file checked, 1 error, 0 warnings\n")
    assert err.startswith("2 skipped")
