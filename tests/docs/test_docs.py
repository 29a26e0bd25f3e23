"""What the documentation says of settings, options, exit codes, commands, tables and files holds."""

from __future__ import annotations

import asyncio
import re
import shlex
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from papers import contract
from pydantic import SecretStr

from pipeline.cli import app
from pipeline.errors import LongdocError
from pipeline.report.words import CATEGORY
from pipeline.run import review
from pipeline.settings import PREFIX, Settings, load_settings
from pipeline.types import Match

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CHANGELOG.md", "CONTRIBUTING.md", "docs/database.md", "docs/operations.md")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands
NOTHING = "–"

readme = pytest.mark.parametrize("name", READMES)
page = pytest.mark.parametrize("name", PAGES)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.MULTILINE | re.DOTALL)


def tables(text: str) -> list[list[list[str]]]:
    """Every table: its rows, without head and rule, each a list of cells."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in t.splitlines()[2:]] for t in found]


def table_after(name: str, first: str) -> list[list[str]]:
    """The table whose first cell of the first row is ``first``."""
    [rows] = [rows for rows in tables(text_of(name)) if rows and rows[0][0] == first]
    return rows


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def lines_of(block: str) -> list[str]:
    """Commands of a shell block: continuations joined, comments left out."""
    joined = block.replace("\\\n", " ")
    return [line for raw in joined.splitlines() if (line := shlex.join(shlex.split(raw, comments=True)))]


def shown_default(name: str) -> str:
    value = Settings.model_fields[name].get_default(call_default_factory=True)
    value = value.get_secret_value() if isinstance(value, SecretStr) else value
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value or value == 0 else NOTHING


# --- settings ---------------------------------------------------------------------------------------------------------


@readme
def test_the_settings_table_is_the_settings(name: str) -> None:
    rows = table_after(name, "`kind`")
    assert [(row[0], row[1]) for row in rows] == [(f"`{n}`", shown_default(n)) for n in Settings.model_fields]
    assert all(row[2] for row in rows)


def test_the_english_table_says_what_the_fields_say() -> None:
    rows = table_after("README.md", "`kind`")
    assert [row[2] for row in rows] == [field.description for field in Settings.model_fields.values()]


@page
def test_every_variable_that_is_named_exists(name: str) -> None:
    known = {PREFIX + setting.upper() for setting in Settings.model_fields} | {"LONGDOC_CONFIG"}
    assert set(re.findall(r"LONGDOC_[A-Z_]*[A-Z]", text_of(name))) <= known


@readme
def test_the_example_file_is_accepted(name: str, tmp_path: Path) -> None:
    [example] = blocks(name, "toml")
    (tmp_path / "longdoc.toml").write_text(example, encoding="utf-8")
    settings = load_settings(environ={}, directory=tmp_path)
    assert settings.vllm_args == {"kv_cache_dtype": "fp8"}
    assert settings.passwords == ("2026",)
    assert settings.model_fields_set == set(tomllib.loads(example))


@readme
def test_variables_before_a_command_are_accepted(name: str) -> None:
    for line in [line for block in blocks(name, "bash") for line in lines_of(block)]:
        given = dict(word.split("=", 1) for word in shlex.split(line) if re.match(r"LONGDOC_\w+=", word))
        load_settings(environ=given)


@page
def test_units_name_settings_that_are_accepted(name: str) -> None:
    for block in blocks(name, "ini"):
        given = dict(re.findall(r"^(LONGDOC_\w+)=(.*)$", block, re.MULTILINE))
        load_settings(environ=given)


# --- commands ---------------------------------------------------------------------------------------------------------


@readme
def test_the_options_table_is_the_options(name: str) -> None:
    offered: dict[str, set[str]] = {}
    for command, parsed in COMMANDS.items():
        for option in [o for p in parsed.params if p.param_type_name == "option" for o in p.opts]:
            offered.setdefault(option, set()).add(command)
    offered.pop("--help", None)
    told = {row[0].strip("`"): set(row[1].split()) for row in table_after(name, "`--kind`")}
    assert told == offered


@readme
def test_the_exit_codes_are_those_of_the_errors(name: str) -> None:
    def below(error: type[LongdocError]) -> Iterator[type[LongdocError]]:
        yield error
        for child in error.__subclasses__():
            yield from below(child)

    codes = {0, 130} | {error.exit_code for error in below(LongdocError)}
    assert [int(row[0]) for row in table_after(name, "0")] == sorted(codes)


def parses(words: list[str]) -> None:
    """Raises typer's usage error unless ``longdoc WORDS`` is a call that its parser takes. Runs nothing."""
    group = typer.main.get_command(app)
    context = group.make_context("longdoc", list(words))
    name, command, rest = group.resolve_command(context, list(words))
    command.make_context(name, rest, parent=context)


def calls(name: str) -> list[list[str]]:
    """The words after ``longdoc``, of every shell line that calls it, in blocks, inline code and units."""
    lines = [line for block in blocks(name, "bash") for line in lines_of(block)]
    lines += re.findall(r"`((?:LONGDOC_\S+ )*longdoc [^`]+)`", text_of(name))
    lines += re.findall(r"^ExecStart=(\S*longdoc .*)$", "\n".join(blocks(name, "ini")), re.MULTILINE)
    found: list[list[str]] = []
    for line in lines:
        words = shlex.split(line)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words and Path(words[0]).name == "longdoc":
            found.append(words[1:])
    return found


@page
def test_every_longdoc_command_parses(name: str) -> None:
    found = calls(name)
    assert name not in READMES or {words[0] for words in found} >= set(COMMANDS)
    for words in found:
        if len(words) > 1:
            parses(words)
        else:  # a command spoken of by its name alone
            assert words[0] in {*COMMANDS, "--help"}


@pytest.mark.parametrize("words", [["ask", "x"], ["review", "--nope", "x"], ["review", "x", "--engine", "gpt"]])
def test_a_command_that_is_none_would_be_found_out(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"No such|not one of"):
        parses(words)


@page
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", text_of("Makefile"), re.MULTILINE))
    lines = [line for block in blocks(name, "bash") for line in lines_of(block)]
    lines += re.findall(r"`(make [a-z][^`]*)`", text_of(name))
    assert {shlex.split(line)[1] for line in lines if line.startswith("make ")} <= targets


@readme
def test_the_deployments_are_those_of_prefect_yaml(name: str) -> None:
    config = yaml.safe_load(text_of("prefect.yaml"))
    rows = table_after(name, "`contract-review`")
    assert [row[0].strip("`") for row in rows] == [deployment["name"] for deployment in config["deployments"]]
    named = re.findall(r"prefect deployment run ([\w-]+)", text_of(name))
    assert set(named) <= {deployment["name"] for deployment in config["deployments"]}
    [schedule] = [s for deployment in config["deployments"] for s in deployment.get("schedules", [])]
    assert (schedule["cron"], schedule["timezone"]) == ("30 8 * * 1-5", "Asia/Shanghai"), "README says 8:30"


@page
def test_extras_exist(name: str) -> None:
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    named = re.findall(r"(?:longdoc|\.)\[([a-z]+)\]", text_of(name))
    assert set(named) <= set(extras)


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the samples that the SQL of README finds something in, analysed by rules."""
    folder = tmp_path_factory.mktemp("docs")
    contract(folder / "合同.pdf", 1)
    samples = [next((ROOT / "data/samples").glob(f"{number}_*.pdf")) for number in ("02", "12")]
    settings = Settings(engine="rules", database=f"sqlite:///{folder}/db", out=folder / "out")
    batch = asyncio.run(review([*samples, folder / "合同.pdf"], settings))
    assert batch.exit_code == 0
    return folder / "db"


@readme
def test_the_queries_run_and_find_something(name: str, database: Path) -> None:
    statements = [s for block in blocks(name, "sql") for s in block.split(";") if s.strip()]
    assert len(statements) >= 5
    with closing(sqlite3.connect(database)) as connection:
        for statement in statements:
            assert connection.execute(statement).fetchall(), statement


def columns(database: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]


def names(database: Path, kind: str) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,)).fetchall()
    return {name for (name,) in rows if not name.startswith("sqlite_")} - {"longdoc_version"}


def sections(name: str) -> dict[str, str]:
    """Text under each heading of a page, by heading."""
    parts = re.split(r"^#{1,4} (.+)$", text_of(name), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_database_page_tells_every_table_and_column(database: Path) -> None:
    told = sections("docs/database.md")
    for table in names(database, "table"):
        [rows] = tables(told[table])
        assert [row[0].strip("`") for row in rows] == columns(database, table), table


def test_the_views_are_told_with_their_columns(database: Path) -> None:
    assert names(database, "view") == {"latest_findings", "open_risks"}
    [rows] = tables(sections("docs/database.md")["open_risks"])
    told = [column for row in rows for column in code(row[0])]
    for view in ("latest_findings", "open_risks"):
        assert set(told) == set(columns(database, view))
    for name in READMES:
        assert code(table_after(name, "`latest_findings`")[0][2]) == columns(database, "latest_findings")


def test_categories_and_matches_are_all_told() -> None:
    rows = table_after("docs/database.md", "`parties`")
    assert {row[0].strip("`"): row[1] for row in rows} == {key: text.zh for key, text in CATEGORY.items()}
    for name in READMES:
        assert [row[0].strip("`") for row in table_after(name, "`exact`")] == list(Match.__args__)


def test_the_checks_told_are_those_in_the_code() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipeline/kinds").rglob("*.py"))
    told = {row[0] for row in table_after("docs/database.md", "大小写金额不一致")}
    assert {item for item in told if f'"{item}"' not in source} == set()
    made = set(re.findall(r'(?:Defect|defect)\(\s*"([^"]+)"', source))
    alarms = (ROOT / "pipeline/kinds/report/alarms.py").read_text(encoding="utf-8")
    made |= set(re.findall(r'^[A-Z_]+ = "([^"]+)"$', alarms, re.MULTILINE))
    assert made <= told


# --- the pages themselves ---------------------------------------------------------------------------------------------


@page
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if not target.startswith("http"):
            assert (ROOT / name).parent.joinpath(target.partition("#")[0]).exists(), target


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs/report.png").stat().st_size < 300_000


@pytest.mark.parametrize("language", ["bash", "sql", "toml"])
def test_both_readmes_show_the_same_code(language: str) -> None:
    def bare(block: str) -> list[str]:
        if language == "sql":
            return [line for line in block.splitlines() if not line.startswith("--")]
        return [line for raw in block.splitlines() if (line := re.split(r"(?:^|\s+)# ", raw)[0].rstrip())]

    english, chinese = ([bare(block) for block in blocks(name, language)] for name in READMES)
    assert english == chinese


def test_both_readmes_have_the_same_shape() -> None:
    def shape(name: str) -> tuple[list[int], list[int], list[str]]:
        text = text_of(name)
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        headings = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]
        return headings, [len(rows) for rows in tables(text)], re.findall(r"<!-- (figure: [\w-]+) -->", text)

    english, chinese = map(shape, READMES)
    assert english == chinese
