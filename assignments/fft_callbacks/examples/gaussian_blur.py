"""A photograph, before and after ``gaussian_blur``."""

import cupy as cp
import numpy as np
from IPython.display import display
from PIL import Image


def show_gaussian_blur(gaussian_blur, sigma=4.0):
    """Show a photograph, and beside it the same one blurred."""
    photo = Image.open("data/coffee.png").convert("L")
    image = cp.asarray(np.asarray(photo, dtype=np.float32) / 255)
    blurred = cp.asnumpy(gaussian_blur(image, sigma))
    sheet = Image.new("RGBA", (2 * photo.width + 10, photo.height))
    sheet.paste(photo)
    pixels = np.uint8(255 * np.clip(blurred, 0, 1))
    sheet.paste(Image.fromarray(pixels), (photo.width + 10, 0))
    display(sheet)
