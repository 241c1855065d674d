"""The graders and, in ``graders.harness``, the engine that runs them."""
