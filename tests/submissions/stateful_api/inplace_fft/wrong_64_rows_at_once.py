# Transforms large batches in parts of 64 rows.
# expect: failed one_plan wrong_phases

import nvmath


def transform_batches(batches):
    out = []
    fs = {}
    for batch in batches:
        for r in range(0, batch.shape[0], 64):
            part = batch[r : r + 64]
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
