"""The engine: knows nothing of any exercise."""
