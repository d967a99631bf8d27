"""Doing several things at the same time: each in a thread that nobody waits for, neither Ctrl-C nor the process's end.

Only that; a pool's threads are waited for by both. Not here: what is done.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from functools import partial
from typing import TypeVar

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


def begun(does: Callable[[], Answer], name: str) -> "Future[Answer]":
    """What `does` will have answered, in a thread of this name."""
    done: Future[Answer] = Future()

    def doing() -> None:
        try:
            done.set_result(does())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=doing, name=name, daemon=True).start()
    return done


def for_each(things: Iterable[Thing], does: Callable[[Thing], Answer], name: str) -> list[Answer]:
    """The answers, in the order of the things. Raises what the first raises that does, without waiting for others."""
    of = list(things)
    if len(of) == 1:
        return [does(of[0])]
    answers = [begun(partial(does, thing), name) for thing in of]
    for answer in wait(answers, return_when=FIRST_EXCEPTION).done:
        answer.result()
    return [answer.result() for answer in answers]
