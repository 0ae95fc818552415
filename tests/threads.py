"""Work on several of Python's threads at once."""

import threading

from tests.patience import PATIENCE


def in_threads(number, work):
    """Call ``work(i)`` on as many threads at the same time, and return what each gave.

    What one raises is raised here, when all have ended.
    """
    results, errors, barrier = [None] * number, [], threading.Barrier(number)

    def one(i):
        try:
            barrier.wait(PATIENCE)
            results[i] = work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a call does not end"
    if errors:
        raise errors[0]
    return results


class Pause:
    """A place in some work at which it waits until it is told to go on."""

    def __init__(self):
        self.reached, self.ended = threading.Event(), threading.Event()

    def __call__(self):
        """Wait here; for the thread that works."""
        self.reached.set()
        assert self.ended.wait(PATIENCE), "nobody says that the work may go on"

    def during(self, paused, other):
        """Let a thread do `paused` as far as the pause, call `other`; return what both gave."""
        found = []

        def work():
            try:
                found.append((paused(), None))
            except BaseException as error:
                self.reached.set()
                found.append((None, error))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            assert self.reached.wait(PATIENCE), "the work does not reach the pause"
            answer = other()
        finally:
            self.ended.set()
            thread.join(PATIENCE)
        assert not thread.is_alive(), "the work does not end"
        ((result, error),) = found
        if error is not None:
            raise error
        return result, answer
