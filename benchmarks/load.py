"""A load generator: closed loop (so many clients, each asking again at once) or open loop (requests at their times).

In an open loop latency counts from the time at which the request was due, so a server that stalls cannot slow the
load and hide its stall ("coordinated omission"). Connections are kept alive; responses are parsed by ``httptools``.
It runs as a process of its own: ``python -m benchmarks.load`` reads one JSON plan from standard input.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import cast

import httptools

FAILED = 0  # status of a request that got no answer


@dataclass(frozen=True)
class Plan:
    """What to send.

    :ivar bodies: JSON bodies, taken in turn from a shuffled list.
    :ivar n_clients: connections of a closed loop; an open one opens as many as it needs.
    :ivar rate: requests a second for an open loop with exponential gaps; 0 for a closed loop.
    """

    port: int
    path: str
    bodies: list[str]
    n_clients: int
    seconds: float
    rate: float = 0.0
    timeout: float = 20.0
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """One request: when it was due and answered, in seconds from the start, and its status."""

    due: float
    answered: float
    status: int


@dataclass
class Result:
    """Everything that was asked."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0


def message(path: str, body: bytes) -> bytes:
    """A request over a kept-alive connection as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


class _Connection(asyncio.Protocol):
    """One kept-alive connection with one request on it at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiter: asyncio.Future[int] | None = None
        self.parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        status = self.parser.get_status_code()
        self.parser = httptools.HttpResponseParser(self)
        if self.waiter and not self.waiter.done():
            self.waiter.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.waiter and not self.waiter.done():
            self.waiter.set_result(FAILED)

    @property
    def usable(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()


class _Client:
    """A pool of connections to one server."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.free: deque[_Connection] = deque()
        shuffled = [body.encode() for body in plan.bodies]
        random.Random(plan.seed).shuffle(shuffled)
        self.messages = [message(plan.path, body) for body in shuffled]
        self.n_sent = 0

    async def ask(self) -> int:
        """Send the next body; returns the status of the answer."""
        request = self.messages[self.n_sent % len(self.messages)]
        self.n_sent += 1
        loop = asyncio.get_running_loop()
        try:
            connection = self.free.pop() if self.free else None
            if connection is None or not connection.usable:
                _, connection = await loop.create_connection(_Connection, "127.0.0.1", self.plan.port)
            assert connection.transport is not None
            connection.waiter = loop.create_future()
            connection.transport.write(request)
            async with asyncio.timeout(self.plan.timeout):
                status = await connection.waiter
        except (OSError, TimeoutError, httptools.HttpParserError):
            await asyncio.sleep(0.1)  # a server that has died must not be asked as fast as the machine can
            return FAILED
        if connection.usable:
            self.free.append(connection)
        return status


async def run(plan: Plan) -> Result:
    """Send the load and wait for every answer."""
    client, result = _Client(plan), Result()
    start = time.perf_counter()

    async def one(due: float) -> None:
        status = await client.ask()
        result.outcomes.append(Outcome(due, time.perf_counter() - start, status))

    async def again() -> None:
        while (now := time.perf_counter() - start) < plan.seconds:
            await one(now)

    if plan.rate:
        gaps, due = random.Random(plan.seed), 0.0
        asked: set[asyncio.Task[None]] = set()
        while (due := due + gaps.expovariate(plan.rate)) < plan.seconds:
            if (wait := due - (time.perf_counter() - start)) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(one(due))
            asked.add(task)
            task.add_done_callback(asked.discard)
        await asyncio.gather(*asked)
    else:
        await asyncio.gather(*(again() for _ in range(plan.n_clients)))
    result.seconds = time.perf_counter() - start
    return result


def main() -> None:
    """Run the plan on standard input and print its outcomes as JSON."""
    try:
        import uvloop

        runner = uvloop.run
    except ModuleNotFoundError:
        runner = asyncio.run
    result = runner(run(Plan(**json.load(sys.stdin))))
    os.set_blocking(sys.stdout.fileno(), True)  # uvloop may leave the pipe so that a long line is cut
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
