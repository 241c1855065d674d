"""The Dask workers that grade for a run: who they are, what each has in hand.

Each submission is sent to one worker by name. Dask would place tasks itself and send those
of a lost worker elsewhere, but would not tell whose work was in flight there; that has to
be known, for a submission may be what took the worker down.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, Future

from graders.harness.classroom import on_worker
from graders.harness.classroom.on_worker import Introduction, Job, Kind, Outcome
from graders.harness.errors import HarnessError

#: The share of a worker's ``GPU`` that a submission asks for. Numeric checks share a GPU,
#: and timed ones take turns on it, so how many are worth having there at once is decided by
#: the host's cores: twice as many as those. The share is small enough not to be the limit
#: with up to 31 cores a GPU, and a worker that declares half a GPU gets half as many at
#: most. A power of two adds up to one without a rest.
GPU_SHARE = 1 / 64
#: Seconds between two looks at who is there.
LOOK_SECONDS = 1.0
#: Seconds after which a scheduler that says nothing is given up.
SILENT_SECONDS = 60
#: How often in a row a worker on trial may say that it can grade nothing, and how many
#: seconds lie between: memory or processes that ran short may be there again.
TRIALS = 2
TRIAL_SECONDS = 1.0


class WorkersLost(HarnessError):
    """There is no worker left that could grade, or no scheduler to reach one."""


@dataclass(frozen=True)
class Seen:
    """The workers that the scheduler knows now; None where it does not answer."""

    workers: Mapping[str, Mapping[str, Any]] | None


@dataclass(frozen=True)
class Introduced:
    """A worker has said who it is, or could not."""

    worker: str
    said: Introduction | Exception


@dataclass(frozen=True)
class Done:
    """What was sent to a worker has ended there."""

    key: str
    future: Future[Outcome]
    outcome: Outcome


@dataclass
class Hand:
    """
    One worker.

    Attributes:
        slots: How many submissions it gets at once.

        has: Keys of those that it has now.

        is_alone: Whether it has one that must be alone.

        bad: How many went wrong there since one went well.

        on_trial: Whether it said that it can grade nothing, which may have passed: it gets
            one submission at a time then.

        trials: How often it said so again on trial, one time after the other.

        rests_until: When it gets the next one, by :func:`time.monotonic`.

        earlier: Keys of those that were in flight when the trial began.
    """

    name: str
    host: str
    slots: int
    has: set[str] = field(default_factory=set)
    is_alone: bool = False
    bad: int = 0
    on_trial: bool = False
    trials: int = 0
    rests_until: float = 0.0
    earlier: set[str] = field(default_factory=set)

    @property
    def is_failing(self) -> bool:
        """Whether so much went wrong that the machine itself may be why."""
        return self.bad >= 3 * self.slots


class Crew:
    """
    The workers of a run.

    Args:
        client: Of the scheduler.

        kind: What stations the run asks for.

        judged_by: Digests of the graders: workers must have the same.

        events: Where it is told what happens.

        is_external: Whether the workers are not of this process: those that grade on a
            GPU must then declare it.
    """

    def __init__(
        self,
        client: Client,
        kind: Kind,
        judged_by: Mapping[str, str],
        events: queue.SimpleQueue[Any],
        *,
        is_external: bool,
    ) -> None:
        self.run = secrets.token_hex(8)
        self.hands: dict[str, Hand] = {}
        self.refused: dict[str, str] = {}
        self._client = client
        self._kind = kind
        self._judged_by = dict(judged_by)
        self._events = events
        self._is_external = is_external
        self._asked: set[str] = set()
        self._known: dict[str, Mapping[str, Any]] = {}
        self._sent: dict[str, tuple[Future[Outcome], Hand]] = {}
        self._numbers = 0
        self._is_over = threading.Event()
        self._seen = time.monotonic()
        self._silent = 0

    @property
    def slots(self) -> int:
        """How many submissions all workers take at once."""
        return sum(hand.slots for hand in self.hands.values())

    @property
    def is_deserted(self) -> bool:
        """Whether there is no worker at all."""
        return not self._known

    @property
    def is_hopeless(self) -> bool:
        """Whether none of the workers that are there is of use."""
        return bool(self._known) and self._known.keys() <= self.refused.keys()

    def watch(self) -> None:
        """Look after the workers, in a thread, until :meth:`end`."""
        threading.Thread(target=self._watch, daemon=True, name="crew").start()

    def _watch(self) -> None:
        while not self._is_over.is_set():
            try:
                if self._client.status != "running":
                    raise OSError(self._client.status)
                seen = Seen(self._client.scheduler_info(n_workers=-1)["workers"])
            except Exception:  # noqa: BLE001 - whatever Dask says, there is no scheduler
                seen = Seen(None)
            self._events.put(seen)
            self._is_over.wait(LOOK_SECONDS)

    def meet(self, event: Seen) -> dict[str, str]:
        """
        Take in who came and who went; return what was in flight on lost workers, and why.

        Raises:
            WorkersLost: The scheduler is gone.
        """
        if event.workers is None:
            msg = "the scheduler does not answer any more"
            raise WorkersLost(msg)
        workers = event.workers
        self._seen = time.monotonic()
        self._silent = 0
        for name in [n for n in self._known if not _is_same(self._known, workers, n)]:
            del self._known[name]
            self._asked.discard(name)
            self.refused.pop(name, None)
        lost = {}
        for name in [name for name in self.hands if name not in self._known]:
            hand = self.hands.pop(name)
            for key in hand.has:
                future, _ = self._sent.pop(key)
                future.cancel()
                lost[key] = f"the worker {name} on {hand.host} was lost"
        self._known |= workers
        for name in workers.keys() - self._asked:
            self._asked.add(name)
            ask = threading.Thread(target=self._ask, args=(name,), daemon=True)
            ask.start()
        return lost

    def expect_scheduler(self) -> None:
        """
        Take in that nothing at all was heard for a second.

        It is counted and not read off a clock, which goes on while this process is stopped.

        Raises:
            WorkersLost: The scheduler says nothing any more, though nobody hung up.
        """
        self._silent += 1
        if self._silent > SILENT_SECONDS:
            msg = f"the scheduler has said nothing for {self._silent} s"
            raise WorkersLost(msg)

    def _ask(self, name: str) -> None:
        """Have a worker introduce itself, which may take it a while."""
        said: Introduction | Exception
        try:
            answers = self._client.run(
                on_worker.introduce, self._kind, workers=[name], on_error="return"
            )
            said = answers[name]
        except Exception as err:  # noqa: BLE001 - whatever it is, the worker is not used
            said = err
        self._events.put(Introduced(name, said))

    def welcome(self, event: Introduced) -> str:
        """Take a worker in, or say why it is not used: then a sentence."""
        name, said = event.worker, event.said
        if name not in self._known:
            return ""  # it has gone already
        slots, why = self._judge(self._known[name], said)
        if why:
            self.refused[name] = why
            return f"The worker {name} is not used: {why}."
        host = said.host if isinstance(said, Introduction) else ""
        self.hands[name] = Hand(name, host, slots)
        return ""

    def _judge(
        self, facts: Mapping[str, Any], said: Introduction | Exception
    ) -> tuple[int, str]:
        if isinstance(said, ModuleNotFoundError):
            return 0, f"it lacks this project ({said}): install it there"
        if isinstance(said, Exception):
            return 0, f"it could not say who it is ({type(said).__name__}: {said})"
        if said.judged_by != self._judged_by:
            parts = {*said.judged_by, *self._judged_by}
            other = sorted(
                p for p in parts if said.judged_by.get(p) != self._judged_by.get(p)
            )
            named = ", ".join(other[:3])
            return (
                0,
                f"it has another version of this project ({named}): install this one",
            )
        if said.problem:
            return 0, said.problem.rstrip(".")
        if not self._is_external:
            return said.slots, ""
        slots = min(facts["nthreads"], said.slots)
        if self._kind.device == "cuda":
            share = facts["resources"].get("GPU", 0.0)
            slots = min(slots, int(share / GPU_SHARE))
            if not slots:
                return 0, 'it declares no GPU: start it with --resources "GPU=1"'
        return slots, ""

    def free(self, *, alone: bool) -> Hand | None:
        """Return the worker that has the most room, or None."""
        now = time.monotonic()
        able = [
            hand
            for hand in self.hands.values()
            if now >= hand.rests_until
            and (not hand.has if alone or hand.on_trial else not hand.is_alone)
            and len(hand.has) < hand.slots
        ]
        return max(able, key=lambda hand: hand.slots - len(hand.has), default=None)

    def send(
        self, hand: Hand, key: str, files: Mapping[str, bytes], *, alone: bool
    ) -> None:
        """Send a submission to a worker; :class:`Done` comes when it has ended there."""
        job = Job(run=self.run, kind=self._kind, files=files, alone=alone)
        shares = self._is_external and self._kind.device == "cuda"
        self._numbers += 1
        future = self._client.submit(
            on_worker.grade,
            job,
            key=f"grade-{self.run}-{self._numbers}",
            workers=[hand.name],
            allow_other_workers=False,
            resources={"GPU": GPU_SHARE} if shares else None,
            pure=False,
        )
        hand.has.add(key)
        hand.is_alone = alone
        self._sent[key] = (future, hand)
        future.add_done_callback(lambda _: self._ended(key, future))

    def _ended(self, key: str, future: Future[Outcome]) -> None:
        """Pass on what came of a task; called in a thread of Dask's."""
        if future.status == "cancelled":
            return  # the worker was lost, the scheduler, or the run is over
        try:
            outcome = future.result(timeout=60)
        except Exception as err:  # noqa: BLE001 - it could not be sent, run or fetched
            if future.cancelled() or self._client.status != "running":
                return  # lost with the scheduler, which is told otherwise
            outcome = Outcome(down=f"{type(err).__name__}: {err}")
        self._events.put(Done(key, future, outcome))

    def take(self, done: Done) -> Hand | None:
        """Note that a task has ended; None where it is not waited for any more."""
        sent, hand = self._sent.get(done.key, (None, None))
        if sent is not done.future or hand is None:
            return None
        del self._sent[done.key]
        hand.has.discard(done.key)
        hand.is_alone = False
        done.future.release()
        return hand

    def distrust(self, hand: Hand, key: str, why: str) -> bool:
        """
        Take in that a worker can grade nothing; return whether it is used no more.

        Args:
            hand: The worker.

            key: What it said that about.

            why: What it said.
        """
        if key in hand.earlier:
            hand.earlier.discard(key)
            return False
        if not hand.on_trial:
            hand.on_trial = True
            hand.trials = 0
            hand.earlier = set(hand.has)
            return False
        hand.trials += 1
        hand.rests_until = time.monotonic() + TRIAL_SECONDS
        if hand.trials < TRIALS:
            return False
        self.refused[hand.name] = why
        hand.slots = 0  # what else it has may still come back
        return True

    def trust(self, hand: Hand, key: str) -> None:
        """Take in that a worker graded something."""
        if key not in hand.earlier:
            hand.on_trial = False
        hand.earlier.discard(key)

    def end(self) -> None:
        """Have what is in flight stopped, and stations closed that nobody else uses."""
        self._is_over.set()
        for future, _ in self._sent.values():
            future.cancel()
        self._sent.clear()
        is_heard = time.monotonic() - self._seen < 5 * LOOK_SECONDS
        if self._client.status == "running" and is_heard and self.hands:
            names = list(self.hands)
            self._client.run(
                on_worker.end_run, self.run, workers=names, on_error="ignore"
            )


def _is_same(
    known: Mapping[str, Mapping[str, Any]],
    workers: Mapping[str, Mapping[str, Any]],
    name: str,
) -> bool:
    """Return whether a worker is still the same process: an address is used again."""
    if name not in workers:
        return False
    return bool(known[name]["local_directory"] == workers[name]["local_directory"])


def first_worker(client: Client, tell: Callable[[str], None]) -> dict[str, Any]:
    """
    Wait for a worker, and return what the scheduler knows of it.

    Args:
        client: Of the scheduler.

        tell: Told where there is none yet.
    """
    is_told = False
    while not (workers := client.scheduler_info(n_workers=-1)["workers"]):
        if not is_told:
            tell("The scheduler has no worker yet. Waiting for one to come.")
        is_told = True
        time.sleep(LOOK_SECONDS)
    return dict(next(iter(workers.values())))
