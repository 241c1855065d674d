"""The trusted side of the worker: fork server, deadlines, protocol."""

from graders.harness.supervisor.forkserver import ForkServer
from graders.harness.supervisor.observation import Observation, Proxy
from graders.harness.supervisor.worker import Worker

__all__ = ["ForkServer", "Observation", "Proxy", "Worker"]
