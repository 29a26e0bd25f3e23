"""A Prefect plugin: ``prefect deployment run contract-review``, without the flow's name before a slash.

Prefect 3.7 names a deployment ``FLOW/DEPLOYMENT`` and refuses anything else. Its plugin system (entry-point group
``prefect.plugins``, hook ``setup_environment``) is supported, but has no hook for names; so this **replaces a method of
Prefect's client**, ``PrefectClient.read_deployment_by_name``, inside that hook: for the ``prefect deployment`` commands
only, and only for names without a slash, which Prefect itself can do nothing with. Everything else is as it was.

It is on where ``[tool.prefect.plugins] enabled = true`` is read (pyproject.toml, from the repository's root), or after
``prefect config set PREFECT_PLUGINS_ENABLED=true`` (from anywhere). ``prefect plugins diagnose`` shows it.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from prefect.plugins import register_hook

from pipeline.lang import Text, set_language

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.filters import DeploymentFilter
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.plugins import HookContext

    Read = Callable[[PrefectClient, str], Awaitable[DeploymentResponse]]


@register_hook
def setup_environment(*, ctx: HookContext) -> None:
    """Prefect calls this whenever it is imported; unless a deployment command was typed, nothing is loaded."""
    if {"deployment", "deployments"}.isdisjoint(sys.argv[1:]):
        return
    from prefect.client.orchestration import PrefectClient

    read = PrefectClient.read_deployment_by_name
    if not hasattr(read, "__wrapped__"):
        PrefectClient.read_deployment_by_name = with_short_names(read)  # pyright: ignore[reportAttributeAccessIssue]


def with_short_names(read: Read) -> Read:
    """The same method, but a name without a slash finds the one deployment that is called so."""

    @functools.wraps(read)
    async def read_deployment_by_name(self: PrefectClient, name: str) -> DeploymentResponse:
        return await read(self, name if "/" in name else await full_name(self, name))

    return read_deployment_by_name


async def full_name(client: PrefectClient, name: str) -> str:
    """``FLOW/DEPLOYMENT`` of the one deployment called ``name``. Leaves the command, naming the candidates, if there is
    none or more than one."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    wanted = DeploymentFilter(name=DeploymentFilterName(any_=[name]))
    found = await _names(client, wanted)
    if len(found) == 1:
        return found[0]
    set_language("en" if os.environ.get("LONGDOC_LANG") == "en" else "zh")
    if found:
        message = Text(
            f"有 {len(found)} 个部署叫 {name}，请写全名：{'、'.join(found)}",
            f"{len(found)} deployments are called {name}, name one in full: {', '.join(found)}",
        )
    elif others := await _names(client, None):
        message = Text(
            f"没有叫 {name} 的部署；现有：{'、'.join(others)}。请用 prefect deploy --all 建立",
            f"no deployment is called {name}; there are: {', '.join(others)}. Create it by: prefect deploy --all",
        )
    else:
        message = Text(
            f"没有叫 {name} 的部署：这台服务器上还没有部署，请先运行 prefect deploy --all",
            f"no deployment is called {name}: this server has none, run first: prefect deploy --all",
        )
    raise SystemExit(str(message))


async def _names(client: PrefectClient, wanted: DeploymentFilter | None) -> list[str]:
    deployments = await client.read_deployments(deployment_filter=wanted)
    flows = {flow.id: flow.name for flow in await client.read_flows(deployment_filter=wanted)}
    return sorted(f"{flows.get(deployment.flow_id, '?')}/{deployment.name}" for deployment in deployments)
