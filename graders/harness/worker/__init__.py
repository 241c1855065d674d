"""The child side: load a program, call it, observe. Imports nothing of the engine but ``device``."""
