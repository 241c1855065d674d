"""Writers: pure functions of the report, one module a format."""

from graders.harness.report.json_report import write_json
from graders.harness.report.terminal import Progress, print_report

#: What ``--report FORMAT:PATH`` can name.
WRITERS = {"json": write_json}

__all__ = ["WRITERS", "Progress", "print_report", "write_json"]
