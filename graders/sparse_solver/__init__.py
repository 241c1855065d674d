"""How the sparse_solver exercises are judged."""
