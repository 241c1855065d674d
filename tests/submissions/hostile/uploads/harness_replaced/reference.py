make_case = matches = None
