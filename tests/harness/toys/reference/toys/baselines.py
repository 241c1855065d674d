"""No baselines."""
