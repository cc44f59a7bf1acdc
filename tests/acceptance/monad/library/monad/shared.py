"""Batches that worker processes put into shared memory, as data loaders do."""

import signal
from multiprocessing import Process, shared_memory

MIB = 1 << 20


def _fill(name, first, last):
    memory = shared_memory.SharedMemory(name=name)
    for at in range(first, last):
        memory.buf[at * MIB : (at + 1) * MIB] = bytes([at % 251]) * MIB
    memory.close()


def batch(mebibytes, workers=2):
    """The sum of what the workers have written; RuntimeError when a signal ended one of them."""
    memory = shared_memory.SharedMemory(create=True, size=mebibytes * MIB)
    step = -(-mebibytes // workers)
    parts = [(at, min(at + step, mebibytes)) for at in range(0, mebibytes, step)]
    processes = [Process(target=_fill, args=(memory.name, *part)) for part in parts]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            if process.exitcode < 0:
                reason = signal.strsignal(-process.exitcode)
                raise RuntimeError(f"worker (pid {process.pid}) is killed by signal: {reason}")
        return sum(memory.buf[at * MIB] for at in range(mebibytes))
    finally:
        memory.close()
        memory.unlink()


def batch_in_this_process(mebibytes):
    """The same with no workers: where there is too little shared memory, this process itself is killed."""
    memory = shared_memory.SharedMemory(create=True, size=mebibytes * MIB)
    _fill(memory.name, 0, mebibytes)
    total = sum(memory.buf[at * MIB] for at in range(mebibytes))
    memory.close()
    memory.unlink()
    return total
