"""Dask: a cluster within this process, or the one behind a scheduler's address.

The embedded one has no process of its own and opens no port: scheduler and worker talk
within memory (https://distributed.dask.org/en/stable/communications.html, ``inproc``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, Scheduler, Security, SpecCluster, Worker, rpc
from distributed.http.routing import RoutingApplication

from graders.harness.errors import EnvironmentUnavailable, UsageError

#: Seconds within which a scheduler has to answer.
ANSWER_SECONDS = 10.0
_CLOSING_SECONDS = 20.0
_QUIET = ("distributed", "tornado", "asyncio")
_SETTINGS = {
    # A submission's files travel with its task: up to 100 MB are what was asked for.
    "distributed.admin.large-graph-warning-threshold": "1GiB",
    # A sample of each thread's stack every ten milliseconds, which nobody looks at.
    "distributed.worker.profile.enabled": False,
    "distributed.diagnostics.computations.max-history": 0,
    "distributed.scheduler.work-stealing": False,
}


class _ClosedScheduler(Scheduler):
    """A scheduler without the web server that shows what it does to whoever asks."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        self.http_application = RoutingApplication([])


class _ClosedWorker(Worker):
    """A worker without such a server."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        self.http_application = RoutingApplication([])


@contextmanager
def embedded(slots: int, scratch: Path) -> Iterator[Client]:
    """
    Run a scheduler and a worker in threads of this process.

    Args:
        slots: How many submissions are graded at once.

        scratch: A folder for what Dask writes.
    """
    settings = {**_SETTINGS, "temporary-directory": str(scratch)}
    common = {"protocol": "inproc://", "dashboard": False}
    worker = {**common, "nthreads": slots, "memory_limit": 0}
    with _quiet(), dask.config.set(settings):
        cluster = SpecCluster(
            scheduler={"cls": _ClosedScheduler, "options": common},
            workers={0: {"cls": _ClosedWorker, "options": worker}},
            silence_logs=False,
        )
        try:
            with _closing(Client(cluster, set_as_default=False)) as client:
                yield client
        finally:
            cluster.close(timeout=_CLOSING_SECONDS)


@contextmanager
def connected(address: str, seconds: float = ANSWER_SECONDS) -> Iterator[Client]:
    """
    Connect to a scheduler.

    Args:
        address: Such as ``tcp://HOST:8786``.

        seconds: Within which it has to answer.

    Raises:
        UsageError: This is no address.
        EnvironmentUnavailable: Nothing there, or no answer.
    """
    with _quiet(), dask.config.set(_SETTINGS):
        try:
            # A client would wait without end for something that takes the connection and
            # says nothing.
            asyncio.run(_answer(address, seconds))
            client = Client(address, timeout=seconds, set_as_default=False)
        except (ValueError, TypeError) as err:
            msg = f"--scheduler {address}: {err}. Expected is an address: tcp://HOST:8786."
            raise UsageError(msg) from err
        except OSError as err:  # a TimeoutError is one as well
            msg = (
                f"--scheduler {address}: no scheduler answered within {seconds:g} s. Start "
                "one with `dask scheduler`, or see whether the port can be reached from "
                "here."
            )
            raise EnvironmentUnavailable(msg) from err
        with _closing(client):
            yield client


async def _answer(address: str, seconds: float) -> None:
    """Have the scheduler say who it is."""
    arguments = Security().get_connection_args("client")
    scheduler = rpc(address, connection_args=arguments, timeout=seconds)
    try:
        await asyncio.wait_for(scheduler.identity(), seconds)
    finally:
        await scheduler.close_rpc()


@contextmanager
def _closing(client: Client) -> Iterator[Client]:
    try:
        yield client
    finally:
        client.close(timeout=_CLOSING_SECONDS)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what Dask logs: what matters of it is told in our words."""
    known = logging.root.manager.loggerDict
    # Several of Dask's loggers have a level and a handler of their own.
    names = {*_QUIET, *(name for name in known if name.partition(".")[0] in _QUIET)}
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
