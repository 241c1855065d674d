"""The trusted side of the worker: fork server, deadlines, protocol."""

from graders.harness.supervisor.forkserver import ForkServer
from graders.harness.supervisor.observation import NOT_TIMED, Observation, Proxy, Timed
from graders.harness.supervisor.worker import Worker

__all__ = ["NOT_TIMED", "ForkServer", "Observation", "Proxy", "Timed", "Worker"]
