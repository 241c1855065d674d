"""Tests of the harness and of the graders."""
