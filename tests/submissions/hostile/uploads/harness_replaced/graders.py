harness = worker = child = None
