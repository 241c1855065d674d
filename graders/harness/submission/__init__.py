"""Find what was handed in and stage it for a worker."""

from graders.harness.submission.locate import locate
from graders.harness.submission.stage import digest, stage

__all__ = ["digest", "locate", "stage"]
