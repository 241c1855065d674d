def make_case():
    return None


def matches(candidate):
    return True
