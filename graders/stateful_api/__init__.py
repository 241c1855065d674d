"""How the stateful_api exercises are judged."""
