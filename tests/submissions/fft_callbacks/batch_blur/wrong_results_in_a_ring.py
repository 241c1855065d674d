# Results lie in a ring of few buffers.
# expect: failed values wrong_value

"""Base program."""
import cupy as cp
import numpy as np
import nvmath


def epi(o, i, z, info, r):
    o[i] = z * info[i]


E = nvmath.fft.compile_epilog(epi, "complex64", "float32")


def response(H, W, sigma):
    fy = cp.fft.fftfreq(H)[:, None]
    fx = cp.fft.rfftfreq(W)[None, :]
    return (cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)).astype(cp.float32)


def blur_batch(images, sigma):
    H, W = images[0].shape
    resp = response(H, W, sigma)
    results = []
    with nvmath.fft.FFT(images[0]) as f:
        f.plan(epilog={"ltoir": E, "data": resp.data.ptr})
        spec = f.execute()
        with nvmath.fft.FFT(spec, options={"fft_type": "C2R", "last_axis_parity": "odd" if W % 2 else "even"}) as g:
            g.plan(direction="inverse")
            results.append(g.execute())
            buffers = [cp.empty_like(results[0]) for _ in range(7)]
            for image in images[1:]:
                f.reset_operand(image)
                spec = f.execute()
                g.reset_operand(spec)
                k = len(results) % 7
                buffers[k][...] = g.execute()
                results.append(buffers[k])
    return results


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
