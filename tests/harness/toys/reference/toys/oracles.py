"""No oracles: the checks are simple."""
