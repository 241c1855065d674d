"""How the memory_spaces exercises are judged."""
