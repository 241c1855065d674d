import reference

make_case, matches = reference.make_case, reference.matches
