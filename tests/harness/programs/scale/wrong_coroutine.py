# Is a coroutine function.
# expect: failed values wrong_dtype
# says: coroutine


async def scale(image, factor):
    return image * factor
