"""ML Jobs' launcher without its imports: a fork of the supervisor, which has them, runs the script.

The run's bash asks for it through two named pipes (the function ``python`` of environment.sh). The script is
compiled and executed as ``python script`` does it, from the same file, with the same arguments and variables.
"""

from __future__ import annotations

import os
import signal
import sys

SCRIPT = "mljob_launcher.py"
_DIRECTORY = "SFML_WARM"
"""Tells environment.sh where the pipes are; without it the launcher starts like any other program."""


class Offer:
    """Two named pipes: the request (directory, arguments, variables) and the answer (the exit code)."""

    def __init__(self, directory: str, loaded: dict[str, str]) -> None:
        self._loaded = loaded
        os.mkdir(directory, 0o700)
        for name in ("request", "answer"):
            os.mkfifo(f"{directory}/{name}", 0o600)
        self.request = os.open(f"{directory}/request", os.O_RDONLY | os.O_NONBLOCK)
        self._answer = os.open(f"{directory}/answer", os.O_RDWR | os.O_NONBLOCK)
        self._text = b""
        self._pid = 0

    def read(self) -> bool:
        """Take in what there is; whether the request is complete."""
        part = os.read(self.request, 1 << 16)
        self._text += part
        return not part

    def start(self, output: int) -> None:
        """Fork the process that runs the script."""
        self._pid = os.fork()
        if self._pid == 0:
            _become_launcher(self._text, self._loaded, output)

    def answer(self, ended: dict[int, int]) -> None:
        """Give bash the exit code, if the launcher is among those that have ended."""
        if self._pid in ended:
            code = os.waitstatus_to_exitcode(ended[self._pid])
            os.write(self._answer, b"%d\n" % (128 - code if code < 0 else code))


def prepare(plan: dict[str, object], loaded: dict[str, str]) -> Offer | None:
    """An offer for this run, where a loaded launcher is the same as one that loads; None where it is not.

    ``loaded`` are the variables that modules have set while they were imported.
    """
    if not plan["warm"] or _shadows(str(plan["payload"])):
        return None
    directory = f"{plan['directory']}/warm"
    offer = Offer(directory, loaded)
    environment: dict[str, str] = plan["environment"]  # type: ignore[assignment]
    environment[_DIRECTORY] = directory
    return offer


def _shadows(payload: str) -> bool:
    """Whether the payload has a module of a name that is loaded: there it would come first."""
    for directory, _, files in os.walk(payload):
        if any(name.endswith(".zip") for name in files):
            return True  # the launcher puts archives on the path; looking into each is not worth it
        if directory == payload:
            names = {name.partition(".")[0] for name in os.listdir(payload)}
            if names & {name.partition(".")[0] for name in sys.modules} - {"sfml", "__main__"}:
                return True
    return False


def _become_launcher(request: bytes, loaded: dict[str, str], output: int) -> None:
    code = 1
    try:
        directory, count, *words = os.fsdecode(request).split("\0")
        arguments, given = words[: int(count)], words[int(count) : -1]
        variables = dict(word.partition("=")[::2] for word in given)
        _take_over(directory, {**loaded, **variables}, output)
        code = _run(arguments)
    finally:
        os._exit(code)


def _take_over(directory: str, variables: dict[str, str], output: int) -> None:
    """Make this process what ``python`` started by the run's bash would be."""
    from sfml.emulator.executors.supervisor.tree import CHANGED_SIGNALS, LINUX

    signal.set_wakeup_fd(-1)
    for number in CHANGED_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if LINUX:
        from sfml.emulator.executors.supervisor import linux

        linux.die_with_parent()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 1024)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(variables)


def _run(arguments: list[str]) -> int:
    """Execute the script as the program that it is; the exit code, after all that a program's end does."""
    import atexit
    import threading

    _settle(arguments[0])
    sys.argv = arguments
    code = _execute(arguments[0])
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


def _execute(script: str) -> int:
    from importlib.machinery import SourceFileLoader
    from types import ModuleType

    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=script, __builtins__=__builtins__, __loader__=SourceFileLoader("__main__", script)
    )
    sys.modules["__main__"] = main
    try:
        with open(script, "rb") as file:
            code = compile(file.read(), script, "exec")
        exec(code, main.__dict__)  # noqa: S102 - this is what it is for
    except SystemExit as end:
        return _exit_code(end)
    except BaseException as error:  # noqa: BLE001 - this is the edge of a program: the interpreter's own
        own = error.__traceback__
        sys.excepthook(type(error), error, own.tb_next if own else None)
        return 1
    return 0


def _exit_code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return int(end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1


def _settle(script: str) -> None:
    """What an interpreter works out at its start, for the run's own environment."""
    prefix = os.path.dirname(os.path.dirname(os.environ["SFML_PYTHON"]))
    before = f"{sys.prefix}{os.sep}"
    rest = [
        path.replace(before, f"{prefix}{os.sep}", 1) if path.startswith(before) else path
        for path in sys.path[2:]
    ]
    given = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [os.path.dirname(os.path.realpath(script)), *given, *rest]
    sys.prefix = sys.exec_prefix = prefix
    sys.executable = os.environ["SFML_PYTHON"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "sfml"]:
        del sys.modules[name]
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "multiprocessing.process" in sys.modules:
        vars(sys.modules["multiprocessing.process"])["ORIGINAL_DIR"] = os.getcwd()
