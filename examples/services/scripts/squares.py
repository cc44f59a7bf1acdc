"""Sum squares in two processes that share memory, and write the result down."""

import argparse
import json
from multiprocessing import Process, shared_memory
from pathlib import Path


def fill(name: str, first: int, last: int) -> None:
    """Write the squares of a range into the shared memory, eight bytes each."""
    memory = shared_memory.SharedMemory(name=name)
    for number in range(first, last):
        memory.buf[8 * number : 8 * number + 8] = (number**2).to_bytes(8, "little")
    memory.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=int, default=1000)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    memory = shared_memory.SharedMemory(create=True, size=8 * options.to)
    half = options.to // 2
    workers = [Process(target=fill, args=(memory.name, *part)) for part in ((0, half), (half, options.to))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        print(f"a worker ended with {worker.exitcode}")
    total = sum(int.from_bytes(memory.buf[8 * n : 8 * n + 8], "little") for n in range(options.to))
    memory.close()
    memory.unlink()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"total": total}) + "\n")
    print(f"the squares below {options.to} sum up to {total}")


if __name__ == "__main__":
    main()
