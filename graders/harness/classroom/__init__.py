"""Grade the submissions of a whole class: intake, scheduling, journal, gradebook."""
