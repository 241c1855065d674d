"""``from grade import check, prepare``: grading from a notebook or a Python prompt.

It runs in the learner's own session, and so imports nothing but the standard library
until it has to: what grades is a process of its own (``grading_process``).
"""

from graders.harness.interactive.checking import Answer, check
from graders.harness.interactive.preparing import prepare

__all__ = ["Answer", "check", "prepare"]
