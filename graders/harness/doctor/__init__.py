"""``grade.py doctor``: what this machine can grade, what it cannot, and what mends it.

It must run where the rest cannot be imported: what it imports at the top of its modules
is the standard library and its own package.
"""

from graders.harness.doctor.command import main

__all__ = ["main"]
