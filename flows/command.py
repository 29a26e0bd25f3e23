"""A batch flow as a command, in this process and without a Prefect server: ``python -m flows.contract_review PATH...``.

Prefect starts a private server for the run (its database in .data: some ten seconds the first time), whatever
server is configured: who wants the run on that one says ``prefect deployment run``.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CoroutineType
from typing import Any, TypeAlias

from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    PREFECT_SERVER_REGISTER_BLOCKS_ON_START,
    temporary_settings,
)

from flows.batch import ALSO_TOLD, ENGINE_FAILED, settings_for
from pipeline.engines.choose import choose
from pipeline.errors import EngineError, LongdocError
from pipeline.screen import progress

BatchFlow: TypeAlias = "Flow[..., CoroutineType[Any, Any, State[None]]]"

_PRIVATE_SERVER: dict[Any, object] = {
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: True,
    PREFECT_SERVER_REGISTER_BLOCKS_ON_START: False,
}


def run_here(flow: BatchFlow, arguments: Sequence[str] | None = None) -> int:
    """Run a flow with options from the command line; returns the exit code, as ``longdoc review`` has them."""
    given = _parse(flow, arguments)
    logging.getLogger("prefect").setLevel(logging.WARNING)
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the listener and the final message tell it
    options = {name: value for name, value in given.items() if name != "paths"}
    try:
        choose(settings_for(options))  # what can't be shows before a server starts
        with temporary_settings(_PRIVATE_SERVER, restore_defaults={PREFECT_API_URL}), progress() as listener:
            ALSO_TOLD.set(listener)
            state = asyncio.run(_run(flow, given))
    except LongdocError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    print(state.message)
    if state.is_completed():
        return 0
    return EngineError.exit_code if state.name == ENGINE_FAILED else 1


async def _run(flow: BatchFlow, given: Mapping[str, object]) -> State[None]:
    """The final state that the flow returned; raises what it raised."""
    state: State[None] = await flow(**given, return_state=True)
    outcome: object = await state.aresult(raise_on_failure=False)
    if isinstance(outcome, Exception):
        raise outcome
    return state


def _parse(flow: BatchFlow, arguments: Sequence[str] | None) -> dict[str, object]:
    """The flow's parameters as options of the same names; those not given are left out."""
    parser = argparse.ArgumentParser(
        prog=f"python -m flows.{flow.name.replace('-', '_')}", description=flow.description
    )
    for name, parameter in inspect.signature(flow.fn).parameters.items():
        if name == "paths":
            required = parameter.default is inspect.Parameter.empty
            parser.add_argument(name, nargs="+" if required else "*", type=Path, default=argparse.SUPPRESS)
        elif name == "force":
            parser.add_argument("--force", action="store_true", default=argparse.SUPPRESS)
        else:
            parser.add_argument("--" + name.replace("_", "-"), default=argparse.SUPPRESS)
    given = vars(parser.parse_args(arguments))
    return {name: value for name, value in given.items() if value != []}
