"""Three sets of heaters on a metal plate."""

import cupy as cp
import numpy as np
import scipy.sparse as sp
from IPython.display import display
from PIL import Image


def show_multiple_rhs(solve, side=48):
    """Show the temperature of a plate with cold edges, for three sets of heaters."""
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(side, side))
    heat = np.zeros((side, side, 3))
    heat[side // 2, side // 2, 0] = 1  # one in the middle
    heat[side // 4, :, 1] = 1  # a bar
    heat[5::12, 5::12, 2] = 1  # many small ones
    b = cp.asarray(heat.reshape(side * side, 3))
    plates = cp.asnumpy(solve(sp.kronsum(line, line).tocoo(), b)).reshape(side, side, 3)
    hottest = np.abs(plates).max(axis=(0, 1))
    shown = [plates[..., n] / hottest[n] for n in range(3)]
    glow = np.clip(np.hstack(shown)[..., np.newaxis] * [2, 1.2, 0.6], 0, 1)
    display(Image.fromarray(np.uint8(255 * glow)).resize((12 * side, 4 * side)))
