"""The child side: load, call, observe. Imports nothing of the engine but ``device``."""
