"""The trusted side of the worker: fork server, deadlines, protocol."""

from graders.harness.supervisor.forkserver import ForkServer
from graders.harness.supervisor.worker import Observation, Proxy, Worker

__all__ = ["ForkServer", "Observation", "Proxy", "Worker"]
