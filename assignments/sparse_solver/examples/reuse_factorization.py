"""A burner that moves across a metal plate."""

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
import scipy.sparse as sp
from IPython.display import display
from PIL import Image


def show_reuse_factorization(solve_stream, side=48):
    """Show the temperature of a plate while a burner moves from left to right."""
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(side, side))
    matrix = csp.csr_matrix(
        (sp.kronsum(line, line) + 0.01 * sp.identity(side**2)).tocsr()
    )

    def burner():
        """Give one right-hand side after the other, all in the same array."""
        heat = cp.zeros(side**2)
        for column in range(4, side, 10):
            heat[:] = 0
            heat[side * (side // 2) + column] = 1
            yield heat

    plates = [cp.asnumpy(x).reshape(side, side) for x in solve_stream(matrix, burner())]
    strip = np.hstack(plates)[..., np.newaxis] / np.abs(plates).max()
    glow = np.clip(strip * [2, 1.2, 0.6], 0, 1)
    picture = Image.fromarray(np.uint8(255 * glow))
    display(picture.resize((3 * picture.width, 3 * picture.height)))
