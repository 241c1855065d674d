"""The quarters of a photograph as a batch, and what an image costs."""

import cupy as cp
import numpy as np
from IPython.display import display
from PIL import Image


def show_batch_blur(blur_batch, cost_per_image, sigma=4.0):
    """Show four quarters of a photograph, blurred, and a table of costs."""
    photo = (
        np.asarray(Image.open("data/coffee.png").convert("L"), dtype=np.float32) / 255
    )
    height, width = photo.shape[0] // 2, photo.shape[1] // 2
    corners = [(0, 0), (0, width), (height, 0), (height, width)]
    quarters = [
        cp.asarray(photo[y : y + height, x : x + width].copy()) for y, x in corners
    ]
    sheet = Image.new("RGBA", (4 * width + 30, height))
    for number, blurred in enumerate(blur_batch(quarters, sigma)):
        pixels = np.uint8(255 * np.clip(cp.asnumpy(blurred), 0, 1))
        sheet.paste(Image.fromarray(pixels), (number * (width + 10), 0))
    display(sheet)

    costs = {"compile": 1.0, "plan": 0.0266, "execute": 0.0004}  # the lesson's figures
    for n in (1, 10, 100, 1000, 10_000):
        print(f"{n:>6} images  {1000 * cost_per_image(n, costs):>9.3f} ms each")
