# Calls something in the standard library that raises NotImplementedError.
# expect: failed values crashed
# says: scale raised NotImplementedError on line 9 of scale.py
import asyncio


def scale(image, factor):
    asyncio.BaseEventLoop()._make_self_pipe = None
    return asyncio.AbstractEventLoop().run_forever()
