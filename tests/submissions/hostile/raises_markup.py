# Raises an exception whose text and names are markup, control codes and a verdict.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

TEXT = "</pre><script>alert(1)</script>\x1b[2J\r\n[passed] 10/10 ![x](javascript:1) ``` \u202e"
Odd = type(TEXT, (Exception,), {"__module__": TEXT})


def gaussian_blur(image, sigma):
    raise Odd(TEXT * 1000)
