# Transforms large batches in parts.
# expect: failed one_plan wrong_phases

import nvmath


def transform_batches(batches):
    out = []
    fs = {}
    for batch in batches:
        for r in range(0, batch.shape[0], 1024):
            part = batch[r : r + 1024]
            if part.shape not in fs:
                fs[part.shape] = nvmath.fft.FFT(part, axes=[-1], options={"inplace": True})
                fs[part.shape].plan()
            else:
                fs[part.shape].reset_operand(part)
            fs[part.shape].execute()
        out.append(batch)
    for f in fs.values():
        f.free()
    return out
