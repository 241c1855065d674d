"""What a worker asks for in the middle of a call, and what it is given.

Everything that it sends is a stranger's word: its numbers are looked up, its arrays
bounded, and a compilation that it claims gives it nothing but a wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from graders.harness.supervisor import answers
from graders.harness.supervisor.observation import Proxy
from graders.harness.worker import wire

_MOST_PROXIED = 2**26
#: How often a call may say that it compiles.
MOST_COMPILED = 256


class Pause(Protocol):
    """What a call holds for as long as it uses the GPU."""

    def begin(self) -> None:
        """Give it back: the program compiles."""

    def end(self) -> None:
        """Wait for it again."""


def call_proxy(
    head: Mapping[str, Any], blobs: list[wire.Blob], proxies: Mapping[int, Proxy]
) -> tuple[dict[str, Any], list[wire.Blob]]:
    """
    Call a function of ours for a worker and return the answer to be sent.

    Args:
        head: The worker's message.

        blobs: Its arrays.

        proxies: The functions of this call, by their numbers.

    Raises:
        answers.MALFORMED: The message cannot be read.
    """
    proxy = proxies[answers.count(head["n"], 2**63)]
    values = [wire.decode(node, blobs) for node in head["args"]]
    arrays = [value.array for value in values]
    before = [array.tobytes() for array in arrays]
    encoder = wire.Encoder()
    answer: dict[str, Any]
    try:
        if sum(array.nbytes for array in arrays) > _MOST_PROXIED:
            msg = f"the arrays have more than {_MOST_PROXIED:,} bytes"
            raise ValueError(msg)
        with np.errstate(all="ignore"):
            answer = {
                "op": "proxy_result",
                "value": encoder.encode(proxy.function(arrays)),
            }
    except Exception as err:  # noqa: BLE001 - a stranger's arrays may raise anything
        answer = {
            "op": "proxy_raise",
            "type": type(err).__name__,
            "message": str(err)[:1000],
        }
    answer["changed"] = [
        [i, encoder.encode(new)]
        for i, (new, old) in enumerate(zip(arrays, before, strict=True))
        if new.tobytes() != old
    ]
    return answer, encoder.blobs
