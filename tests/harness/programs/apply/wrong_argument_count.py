# Finds the number of the function and calls it with one array.
# expect: failed result crashed
# says: apply


def apply(function, a, b):
    worker, number = None, None
    for cell in function.__closure__:
        if isinstance(cell.cell_contents, int):
            number = cell.cell_contents
        elif hasattr(cell.cell_contents, "_ask"):
            worker = cell.cell_contents
    return worker._ask(number, [a])
