# Is an iterator of its own, which frees the solver when the stream ends.
# expect: passed

from nvmath.sparse.advanced import DirectSolver


class Solutions:
    def __init__(self, a, items):
        self.a, self.items, self.solver = a, iter(items), None

    def __iter__(self):
        return self

    def __next__(self):
        try:
            rhs = next(self.items)
        except StopIteration:
            if self.solver is not None:
                self.solver.free()
            raise
        if self.solver is None:
            self.solver = DirectSolver(self.a, rhs)
            self.solver.plan()
            self.solver.factorize()
        else:
            self.solver.reset_operands(b=rhs)
        return self.solver.solve()


def solve_stream(a, rhs_stream):
    return Solutions(a, rhs_stream)
