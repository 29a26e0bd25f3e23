"""The command line. Every command reads the settings, calls one function of the library, and shows what it returned.

Only Typer is imported at start: ``longdoc --help`` answers before a database driver would have loaded.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar, get_args

import typer

from pipeline import __version__
from pipeline.errors import LongdocError, UsageError
from pipeline.lang import Text, set_language
from pipeline.types import EngineName, Kind, Ruling, Severity, Side, Strategy, Switch

if TYPE_CHECKING:
    from pipeline.settings import Settings

set_language("en" if os.environ.get("LONGDOC_LANG") == "en" else "zh")


Format = Literal["xlsx", "csv", "json", "html", "pdf", "docx", "md", "eval"]
_T = TypeVar("_T")


def _t(zh: str, en: str) -> str:
    return str(Text(zh, en))


Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        readable=False,  # not asked here: a file that can't be read costs no other one its review
        help=_t("文件（PDF、Word、文本、图片）或文件夹", "files (PDF, Word, text, images) or folders"),
    ),
]
KindFlag = Annotated[
    Kind | None,
    typer.Option("--kind", help=_t("文件种类；auto 按内容判断", "kind of document; auto: by its text")),
]
EngineFlag = Annotated[
    EngineName | None,
    typer.Option("--engine", help=_t("auto：有服务器用 http，有模型用 vllm，否则只用规则",
                                     "auto: http if a server is set, vllm if a model is, else rules alone")),
]  # fmt: skip
ModelFlag = Annotated[
    str | None,
    typer.Option("--model", help=_t("模型文件夹、hub 名称，或服务器上的模型名",
                                    "model folder, hub id, or the served model's name")),
]  # fmt: skip
BaseUrlFlag = Annotated[
    str | None,
    typer.Option("--base-url", help=_t("OpenAI 兼容服务器，如 http://127.0.0.1:8000/v1",
                                       "OpenAI-compatible server, such as http://127.0.0.1:8000/v1")),
]  # fmt: skip
DatabaseFlag = Annotated[
    str | None,
    typer.Option("--database", help=_t("数据库 URL，默认 sqlite:///.data/longdoc.db",
                                       "database URL, default sqlite:///.data/longdoc.db")),
]  # fmt: skip
OutFlag = Annotated[
    Path | None, typer.Option("--out", help=_t("报告文件夹，默认 out", "folder of reports, default out"))
]
PackFlag = Annotated[
    str | None, typer.Option("--pack", help=_t("审查清单，默认按合同类型", "checklist, default by contract type"))
]
SideFlag = Annotated[Side | None, typer.Option("--side", help=_t("代表哪一方", "whose side to take"))]
StrategyFlag = Annotated[
    Strategy | None,
    typer.Option("--strategy", help=_t("整篇或分段；auto 按长度", "whole or in parts; auto: by length")),
]
ThinkingFlag = Annotated[
    Switch | None,
    typer.Option("--thinking", help=_t("模型思考；auto 只在风险问题上", "thinking; auto: for risks only")),
]
ForceFlag = Annotated[
    bool,
    typer.Option(
        "--force",
        help=_t(
            "已分析过的也重新分析（模型答过的仍取自日志）", "analyse again what was (known completions are reused)"
        ),
    ),
]
ImagesFlag = Annotated[
    Switch | None,
    typer.Option("--images", help=_t("报告旁的页面图像；auto 只在用模型时",
                                     "page images beside reports; auto: where a model is used")),
]  # fmt: skip
JsonFlag = Annotated[bool, typer.Option("--json", help=_t("结果以 JSON 输出到标准输出", "result as JSON on stdout"))]

app = typer.Typer(
    help=_t(
        "长文档分析：读合同与报告（PDF、Word、文本、扫描图片），抽取并核对，每条发现都有原文出处，写入数据库。",
        "Long documents (PDF, Word, text, scans) in, proved findings out, into a database.",
    ),
    epilog=_t(
        "例：longdoc review data/samples · longdoc plan 合同.pdf · longdoc watch inbox。"
        "每个选项也是环境变量 LONGDOC_… 和 longdoc.toml 的一行。"
        "退出码：0 全部完成，1 有文件失败，2 用法，3 设置或模型，4 引擎，130 中断。",
        "E.g. longdoc review data/samples · longdoc plan contract.pdf · longdoc watch inbox. "
        "Every option is also LONGDOC_... in the environment and a line of longdoc.toml. "
        "Exit codes: 0 all done, 1 some documents failed, 2 usage, 3 settings or model, 4 engine, 130 interrupted.",
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"longdoc {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help=_t("版本号", "the version"))
    ] = False,
) -> None:
    """What stands before any command."""


@app.command(help=_t("分析文件，写入数据库，生成报告", "Analyse documents: rows in the database, HTML reports"))
def review(
    paths: Paths,
    kind: KindFlag = None,
    engine: EngineFlag = None,
    model: ModelFlag = None,
    base_url: BaseUrlFlag = None,
    database: DatabaseFlag = None,
    out: OutFlag = None,
    pack: PackFlag = None,
    side: SideFlag = None,
    strategy: StrategyFlag = None,
    thinking: ThinkingFlag = None,
    images: ImagesFlag = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(
            kind=kind, engine=engine, model=model, base_url=base_url, database=database, out=out, pack=pack, side=side,
            strategy=strategy, thinking=thinking, images=images, force=force or None,
        )  # fmt: skip
        from pipeline import run, screen

        with screen.progress() as show:
            batch = _run(lambda: run.review(paths, settings, show))
        screen.print_batch(batch, settings, json=json)
        raise typer.Exit(batch.exit_code)


@app.command(
    help=_t("不载入模型，先说明会怎样分析、为什么、要多少", "Tell how, why and at what cost, before a model loads")
)
def plan(
    paths: Paths,
    kind: KindFlag = None,
    engine: EngineFlag = None,
    model: ModelFlag = None,
    base_url: BaseUrlFlag = None,
    strategy: StrategyFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(kind=kind, engine=engine, model=model, base_url=base_url, strategy=strategy)
        from pipeline import preview, screen

        outlook = _run(lambda: preview.preview(paths, settings))
        screen.print_outlook(outlook, json=json)
        raise typer.Exit(1 if any(one.error for one in outlook.previews) else 0)


@app.command(help=_t("守着一个文件夹：放进去的文件自动分析，移到 done/ 或 failed/",
                     "Watch a folder: files dropped there are analysed and moved to done/ or failed/"))  # fmt: skip
def watch(
    inbox: Annotated[Path | None, typer.Argument(metavar="INBOX", help=_t("默认 inbox", "default inbox"))] = None,
    once: Annotated[
        bool, typer.Option("--once", help=_t("处理完现有文件就结束", "stop when what is there is done"))
    ] = False,
    kind: KindFlag = None,
    engine: EngineFlag = None,
    model: ModelFlag = None,
    base_url: BaseUrlFlag = None,
    database: DatabaseFlag = None,
    out: OutFlag = None,
    side: SideFlag = None,
    strategy: StrategyFlag = None,
    thinking: ThinkingFlag = None,
) -> None:
    with _errors_shown():
        settings = _settings(
            inbox=inbox, kind=kind, engine=engine, model=model, base_url=base_url, database=database, out=out,
            side=side, strategy=strategy, thinking=thinking,
        )  # fmt: skip
        from pipeline import screen, watch

        raise typer.Exit(_run(lambda: watch.watch(settings.inbox, settings, once=once, on_event=screen.plain_lines())))


@app.command(
    help=_t("自上次以来的简报：新文件、高风险、缺失条款、失败", "Digest of what is new: high risks, absences, failures")
)
def daily(
    date: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help=_t("某一天；默认自上次简报以来", "one day; default: since the last")
        ),
    ] = None,
    database: DatabaseFlag = None,
    out: OutFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(database=database, out=out)
        from pipeline import screen
        from pipeline.daily import make_digest
        from pipeline.store import Store

        with Store.open(settings.database) as store:
            day = date.date() if date else None
            digest = make_digest(store, date=day, timezone=settings.timezone, out=settings.out)
        screen.print_digest(digest, json=json)


@app.command(
    help=_t(
        "看数据库里最新的结果：文件，以及要处理的问题", "Show what stands in the database: documents, and their issues"
    )
)
def show(
    run: Annotated[str | None, typer.Option("--run", help=_t("只看这一次运行", "this run only"))] = None,
    database: DatabaseFlag = None,
    out: OutFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(database=database, out=out)
        from pipeline import screen
        from pipeline.deliver import chosen
        from pipeline.store import Store

        with Store.open(settings.database) as store:
            stored = [source.stored for source in chosen(store, run, ())]
        screen.print_analyses(stored, settings, json=json)


@app.command(
    help=_t(
        "导出：表格、报告、加批注的 PDF、Word 审查意见书、评测题",
        "Export: sheets, reports, the PDF with highlights, a review memo in Word, gold",
    )
)
def export(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help=_t("要写的文件或文件夹", "the file or folder"))],
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOCUMENT...",
            help=_t("原件、文件夹、分析编号或 sha256 开头；默认全部。pdf 须给原件",
                    "originals, folders, analysis numbers, starts of a sha256; default all. pdf needs originals"),
        ),
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help=_t("默认按文件后缀", "default: by the file's suffix"))
    ] = None,
    run: Annotated[str | None, typer.Option("--run", help=_t("只导出这一次运行", "this run only"))] = None,
    database: DatabaseFlag = None,
    out: OutFlag = None,
) -> None:  # fmt: skip
    with _errors_shown():
        settings = _settings(database=database, out=out)
        from pipeline import deliver, screen
        from pipeline.store import Store

        wanted = format or output.suffix.removeprefix(".").lower()
        if wanted not in get_args(Format):
            raise UsageError(
                Text(f"不认识的导出格式：{wanted or output}", f"unknown export format: {wanted or output}"),
                Text(f"请用 --format {'、'.join(get_args(Format))}", f"use --format {', '.join(get_args(Format))}"),
            )
        with Store.open(settings.database) as store:
            sources = deliver.chosen(store, run, documents or [])
        raise typer.Exit(screen.print_delivered(_run(lambda: deliver.export(sources, wanted, output, settings))))


@app.command(
    help=_t("对一条发现作出决定：采纳、驳回、修改；或读回填好的表格",
            "Decide about a finding: accept, reject, edit; or read back a sheet that was filled in"),
)  # fmt: skip
def decide(
    finding: Annotated[
        int | None, typer.Argument(metavar="FINDING", help=_t("发现编号（报告里的 #）", "its number (# in reports)"))
    ] = None,
    ruling: Annotated[Ruling | None, typer.Argument(metavar="accept|reject|edit")] = None,
    note: Annotated[str, typer.Option("--note", help=_t("理由", "why"))] = "",
    by: Annotated[str, typer.Option("--by", help=_t("决定人，默认登录名", "who; default: your login"))] = "",
    value: Annotated[str, typer.Option("--value", help=_t("改后内容", "new value"))] = "",
    severity: Annotated[Severity | None, typer.Option("--severity", help=_t("改后级别", "new level"))] = None,
    detail: Annotated[str, typer.Option("--detail", help=_t("改后说明", "new detail"))] = "",
    suggestion: Annotated[str, typer.Option("--suggestion", help=_t("改后建议", "new suggestion"))] = "",
    sheet: Annotated[
        Path | None, typer.Option("--from", help=_t("填好的 csv 或 xlsx", "a csv or xlsx that was filled in"))
    ] = None,
    database: DatabaseFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(database=database)
        from pipeline import decide as decisions
        from pipeline import screen
        from pipeline.store import Store

        changes = {"value": value, "severity": severity or "", "detail": detail, "suggestion": suggestion}
        changes = {name: text for name, text in changes.items() if text}
        if (sheet is None) == (finding is None or ruling is None) or (sheet and (finding is not None or changes)):
            raise UsageError(
                Text("请给出发现编号与决定，或 --from 表格", "name a finding and a decision, or --from a sheet"),
                Text("例如 longdoc decide 123 reject --note 误报", "e.g. longdoc decide 123 reject --note mistaken"),
            )
        with Store.open(settings.database) as store:
            if sheet:
                decided = decisions.take(store, sheet, by=by)
            else:
                assert finding is not None and ruling is not None, "checked above"
                decided = [decisions.decide(store, finding, ruling, note=note, by=by, changes=changes)]
        raise typer.Exit(screen.print_decided(decided, json=json))


@app.command(
    help=_t("比对一份文件的两个版本：条款的逐字改动，发现的增减",
            "Compare two versions of a document: clauses word by word, and what was found"),
)  # fmt: skip
def diff(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help=_t("旧版：文件，或分析编号", "old: a file, or an analysis number"))
    ],
    after: Annotated[
        str, typer.Argument(metavar="AFTER", help=_t("新版：文件，或分析编号", "new: a file, or an analysis number"))
    ],
    database: DatabaseFlag = None,
    out: OutFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(database=database, out=out)
        from pipeline import comparing, screen
        from pipeline.store import Store

        with Store.open(settings.database) as store:
            compared = _run(lambda: comparing.compare_versions(before, after, settings, store))
        screen.print_comparison(compared, comparing.write_comparison(compared, settings), json=json)


@app.command(
    "eval",
    help=_t("用标准答案评测：召回、精确、引文、成本；可设门槛，可比较模型",
            "Score against gold: recall, precision, citations, cost; with a gate; models side by side"),
)  # fmt: skip
def evaluate(
    gold: Annotated[
        Path,
        typer.Argument(
            metavar="GOLD_DIR",
            help=_t("NAME.pdf 与 NAME.gold.json 的文件夹", "folder of NAME.pdf beside NAME.gold.json"),
        ),
    ],
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help=_t("门槛文件（TOML）；不达则退出码 1", "bounds (TOML); exit code 1 below them")),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            "--name", help=_t("这次评测的名称，默认按引擎与模型", "of this evaluation, default by engine and model")
        ),
    ] = "",
    engine: EngineFlag = None,
    model: ModelFlag = None,
    base_url: BaseUrlFlag = None,
    out: OutFlag = None,
    pack: PackFlag = None,
    side: SideFlag = None,
    strategy: StrategyFlag = None,
    thinking: ThinkingFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(
            engine=engine, model=model, base_url=base_url, out=out, pack=pack, side=side, strategy=strategy,
            thinking=thinking,
        )  # fmt: skip
        from pipeline import screen
        from pipeline.evaluation import command
        from pipeline.evaluation.evaluate import evaluate as run_evaluation
        from pipeline.evaluation.gate import missed
        from pipeline.evaluation.gold import load_gold

        documents = load_gold(gold)
        with screen.progress() as show:
            made = _run(lambda: run_evaluation(documents, settings, name, show))
        below = missed(gate, made.scores) if gate else []
        command.show(made, below, json=json)
        raise typer.Exit(1 if below or made.scores.failed else 0)


@app.command(
    help=_t("模型回答的日志：stats 看存量与命中率，prune 删旧的",
            "The journal of model answers: stats (size, hit rate), prune (delete what is old)"),
)  # fmt: skip
def journal(
    action: Annotated[Literal["stats", "prune"], typer.Argument(help=_t("默认 stats", "default stats"))] = "stats",
    older_than: Annotated[
        int | None, typer.Option("--older-than", min=0, help=_t("prune：早于多少天", "prune: older than so many days"))
    ] = None,
    database: DatabaseFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(database=database)
        from pipeline import bookkeeping
        from pipeline.store import Store

        with Store.open(settings.database) as store:
            typer.echo(bookkeeping.journal(store, action, older_than_days=older_than, json=json))


@app.command(
    help=_t("检查环境：装了什么、缺什么、怎么补", "Check the machine: what is there, what lacks, how to mend it")
)
def doctor(
    engine: EngineFlag = None,
    model: ModelFlag = None,
    base_url: BaseUrlFlag = None,
    database: DatabaseFlag = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        settings = _settings(engine=engine, model=model, base_url=base_url, database=database)
        from pipeline import doctor, screen

        findings = _run(lambda: doctor.examine(settings))
        screen.print_examination(findings, json=json)
        raise typer.Exit(3 if any(finding.level == "broken" for finding in findings) else 0)


@app.command(help=_t("审查清单：列出、查看，或检查自己写的文件", "Checklists: list, show, or check your own file"))
def packs(
    action: Annotated[Literal["list", "show", "check"], typer.Argument()] = "list",
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE]...", help=_t("清单名，或要检查的文件", "packs, or files to check")),
    ] = None,
    json: JsonFlag = False,
) -> None:
    with _errors_shown():
        from pipeline.checklists import show_packs

        show_packs(action, names or [], _settings(), json=json)


def main() -> None:
    """Entry point of ``longdoc``."""
    app(prog_name="longdoc")


def _settings(**options: object) -> Settings:
    from pipeline.settings import load_settings

    settings = load_settings(options)
    set_language(settings.lang)
    return settings


@contextmanager
def _errors_shown() -> Generator[None]:
    """Errors with advice become one line on stderr and an exit code; anything else is a bug and crashes."""
    try:
        yield
    except LongdocError as error:
        _leave(f"{_t('错误：', 'error: ')}{error}", error.exit_code)
    except KeyboardInterrupt:
        _leave(
            _t("已中断：完成的都已保存，重跑会接着做", "interrupted: what is done is saved, run again to go on"), 130
        )


def _leave(message: str, exit_code: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(exit_code)


def _run(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    gc.set_threshold(50_000, 20, 100)  # findings are many small values without cycles: a tenth of the time
    signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio.run cancels the work where it finds this one
    return asyncio.run(work())


if __name__ == "__main__":
    main()
