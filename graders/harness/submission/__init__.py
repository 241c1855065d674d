"""Find what was handed in and stage it for a worker."""

from graders.harness.submission.archive import opened
from graders.harness.submission.locate import Found, find, locate
from graders.harness.submission.stage import digest, stage

__all__ = ["Found", "digest", "find", "locate", "opened", "stage"]
