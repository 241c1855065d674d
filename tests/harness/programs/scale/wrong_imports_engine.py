# Imports the engine.
# expect: failed values crashed
# says: scale raised ModuleNotFoundError on line 7 of scale.py
# says: No module named 'graders
def scale(image, factor):
    # The harness is not the learner's to import.
    import graders.harness.checks

    return graders.harness.checks
