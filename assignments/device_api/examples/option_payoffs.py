"""Random price paths, and what the options pay at their end."""

import cupy as cp
from IPython.display import display
from PIL import Image, ImageDraw


def show_option_payoffs(simulate, n_paths=60, n_steps=100, seed=1):
    """Draw the paths, with the strike in red, and print what the options pay on average."""
    strike, premium = 105.0, 4.0
    results = simulate(n_paths, n_steps, 100.0, 0.0005, 0.01, strike, premium, seed)
    call, put = (cp.asnumpy(each) for each in results)
    prices = (
        strike + call - put
    )  # one of the two is -premium, the other knows the price
    width, height = 600, 240
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    for path in prices:
        heights = height / 2 - 5 * (path - 100)
        steps = [step * width / (n_steps - 1) for step in range(n_steps)]
        pen.line(list(zip(steps, heights, strict=True)), fill="royalblue")
    level = height / 2 - 5 * (strike - 100)
    pen.line([(0, level), (width, level)], fill="red", width=2)
    display(sheet)
    for name, payoffs in (("call", call), ("put", put)):
        print(f"{name:<5} pays {payoffs[:, -1].mean():+.2f} at the end, on average")
