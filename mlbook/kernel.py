"""Executing one chapter: a clean kernel, failures that name their cell, outputs that stay equal."""

import asyncio
import hashlib
import os
import re
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

from mlbook import paths
from mlbook.errors import MlbookError
from mlbook.progress import bar

# No cell may take longer; a hung kernel is found, a slow machine is not punished.
CELL_TIMEOUT = 900
# Where `execute` leaves what the kernel used; not for the notebook's file.
USAGE = "usage"

_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_BAR = re.compile(r"\d+%\|.*\||\d+(?:\.\d+)?\s?(?:it|s|[kMG]?i?B)/(?:s|it)\b|\[\d+:\d\d[<,]")
# a warning names the file of its cell, which has the process's number in it
_CELL_FILE = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py")
_WIDGET = "application/vnd.jupyter.widget-view+json"


class _Kernel(AsyncKernelManager):
    """A kernel of the interpreter that runs mlbook, whatever kernels the user has installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, **{k: _KERNELSPEC[k] for k in ("display_name", "language")})

    @default("connection_file")
    def _connection_file(self) -> str:
        folder = paths.build() / "kernel"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{uuid.uuid4().hex}.json")


class _Client(NotebookClient):
    """A client that knows a Ctrl-C from a dead kernel, which nbclient takes it for."""

    interrupted = False

    @asynccontextmanager
    async def async_setup_kernel(self, **kwargs):
        async with super().async_setup_kernel(**kwargs):
            loop, task = asyncio.get_running_loop(), asyncio.current_task()

            def stop() -> None:
                self.interrupted = True
                task.cancel()

            try:
                loop.add_signal_handler(signal.SIGINT, stop)
            except (NotImplementedError, RuntimeError, ValueError):
                pass  # Windows, or not in the main thread
            yield


def execute(chapter: Path, budget: str) -> NotebookNode:
    """Execute one chapter in a fresh kernel of this interpreter, showing its progress.

    Args:
        chapter: the `.py`; its folder becomes the working directory.
        budget: what the chapter finds in `MLBOOK_BUDGET`.

    Returns:
        The executed notebook, tidied: see `tidy`; and `USAGE` among its metadata, a dict with
        the kernel's `cpu_seconds` and `peak_memory_mb`, empty where the system does not tell.

    Raises:
        MlbookError: a cell failed, ran out of time or killed its kernel.
        KeyboardInterrupt: Ctrl-C; the kernel is stopped.
    """
    notebook = jupytext.read(chapter, fmt="py:percent")
    total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in notebook.cells)
    at, usage = 0, {}
    log = paths.build() / "kernel" / f"{chapter.stem}.log"

    # where there is no terminal, the line that each chapter gets at its end is enough
    options = {} if sys.stderr.isatty() else {"disable": True}
    with bar(total=total, desc=chapter.stem, unit="cell", **options) as progress:

        def begin(cell, cell_index):
            nonlocal at
            at = cell_index

        def end(cell, cell_index, execute_reply):
            nonlocal usage
            usage = _usage(client) or usage
            progress.update()

        client = _Client(
            notebook,
            timeout=CELL_TIMEOUT,
            record_timing=False,
            kernel_name="python3",
            kernel_manager_class=_Kernel,
            resources={"metadata": {"path": str(chapter.parent)}},
            on_cell_execute=begin,
            on_cell_executed=end,
        )
        reason = None
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            # What the kernel's process says beside the cells' outputs is of use only if it dies.
            with open(log, "wb") as stream:
                client.execute(env=_environment(budget), stdout=stream, stderr=stream)
        except CellExecutionError as error:
            reason = f"{error.ename}: {_short(error.evalue)}"
        except CellTimeoutError:
            reason = f"took longer than {CELL_TIMEOUT} s and was stopped"
        except (DeadKernelError, RuntimeError, asyncio.CancelledError):
            if client.interrupted:
                raise KeyboardInterrupt from None
            reason = f"the kernel died; often the memory ran out. What it said last: {log}"
    if reason:
        raise MlbookError(_failure(chapter, notebook, at, reason))
    notebook = tidy(notebook)
    notebook.metadata[USAGE] = usage
    return notebook


def _usage(client: NotebookClient) -> dict[str, float]:
    """Processor time and peak memory of the kernel so far; empty where the system does not tell."""
    try:
        process = Path(f"/proc/{client.km.provisioner.process.pid}")
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())[1])
        # after the name in brackets, which may hold spaces, user and system time are at 11 and 12
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
    except (OSError, AttributeError, TypeError):
        return {}
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    return {"cpu_seconds": round(seconds), "peak_memory_mb": round(peak / 1024)}


def _failure(chapter: Path, notebook: NotebookNode, at: int, reason: str) -> str:
    lines = notebook.cells[at].source.strip().splitlines()
    shown = "".join(f"\n    {line}" for line in lines[:5]) + ("\n    ..." if lines[5:] else "")
    return f"{chapter.name}, cell {at + 1}: {reason}{shown}"


def _short(text: str, lines: int = 4) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()
    return "\n".join(text[:lines] + ["..."] * bool(text[lines:]))


def _environment(budget: str) -> dict[str, str]:
    """The kernel's environment: the reader's, without what would make outputs personal."""
    build = paths.build()
    return {
        # Notices that say nothing to a reader of the chapter
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONWARNINGS": "ignore:IProgress not found",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **os.environ,
        "MLBOOK_BUDGET": budget,
        "MLBOOK_PROGRESS": "0",
        # Figures as the book draws them: no matplotlibrc, no IPython profile of the reader's
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(build / "matplotlib"),
        "IPYTHONDIR": str(build / "ipython"),
    }


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Keep what was computed; drop what would differ between two equal executions.

    Args:
        notebook: an executed notebook; it is changed in place.

    Returns:
        The same notebook with the least metadata, with cell ids that follow from the content
        (two executions of one chapter have the same, and an edited cell changes no other's),
        and without the remains of progress bars.
    """
    settings = {"formats": "ipynb,py:percent", "notebook_metadata_filter": "mlbook"}
    metadata = {
        "jupytext": settings,
        "kernelspec": dict(_KERNELSPEC),
        "language_info": {"name": "python"},
    }
    if "mlbook" in notebook.metadata:
        metadata["mlbook"] = notebook.metadata["mlbook"]
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        # From the content, and from the place only among equals: a new cell renames no other.
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] = seen.get(content, 0) + 1
        cell.id = hashlib.sha256(f"{seen[content]}\n{content}".encode()).hexdigest()[:12]
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _clean(cell.outputs)
    nbformat.validate(notebook)
    return notebook


def _clean(outputs: list[NotebookNode]) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    for output in outputs:
        if _WIDGET in output.get("data", {}):
            continue  # a progress bar's widget: nothing of it is left without its kernel
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text  # how a stream is cut into pieces is a matter of timing
        else:
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            if output.name == "stderr":
                output.text = _without_bars(output.text)
            output.text = _CELL_FILE.sub("<cell>", output.text)
    return [it for it in kept if it.output_type != "stream" or it.text.strip()]


def _without_bars(text: str) -> str:
    lines = []
    for line in text.splitlines(keepends=True) if "\r" not in text else _drawn(text):
        if not _BAR.search(line):
            lines.append(line)
    return "".join(lines)


def _drawn(text: str) -> Iterator[str]:
    """The lines of a text with carriage returns, each as a terminal shows it at the end."""
    for line in text.replace("\r\n", "\n").split("\n"):
        pieces = [piece for piece in line.split("\r") if piece.strip()]
        if pieces:
            yield pieces[-1] + "\n"
