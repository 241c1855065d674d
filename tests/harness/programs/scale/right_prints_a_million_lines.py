# Prints a million lines.
# expect: passed
# output: lines left out]
# output: line 999999


def scale(image, factor):
    for start in range(0, 1_000_000, 1000):
        print("\n".join(f"line {n}" for n in range(start, start + 1000)))
    return image * factor
