"""A photograph, before and after ``sepia_blur``."""

import cupy as cp
import numpy as np
from IPython.display import display
from PIL import Image


def show_sepia_blur(sepia_blur, sigma=2.0):
    """Show a photograph, and beside it the same one in sepia and blurred."""
    photo = Image.open("data/coffee.png")
    image = cp.asarray(np.asarray(photo, dtype=np.float32) / 255)
    result = cp.asnumpy(sepia_blur(image, sigma))
    if result.shape[0] == 3:  # plane by plane: a picture wants its colours last
        result = result.transpose(1, 2, 0)
    sheet = Image.new("RGBA", (2 * photo.width + 10, photo.height))
    sheet.paste(photo)
    pixels = np.uint8(255 * np.clip(result, 0, 1))
    sheet.paste(Image.fromarray(pixels), (photo.width + 10, 0))
    display(sheet)
