"""Where the data comes from: which tier, which folder, and whether the network answers.

Environment variables:
    MLBOOK_TIER     'auto' (default), 'canonical', 'sample' or 'synthetic'; a data set that has
                    no such tier is loaded as with 'auto'
    MLBOOK_OFFLINE  1: never try the network
and those of the loaders (TFDS_DATA_DIR, SCIKIT_LEARN_DATA, NLTK_DATA, GENSIM_DATA_DIR), see
`roots`; for MLBOOK_WORD_VECTORS see vectors.py.
"""

import os
import sys
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mlbook import paths
from mlbook.datasets.base import TIERS, Found, Source, Spec
from mlbook.errors import DataError, OfflineError, UnknownNameError

# the longest that finding out about the network may take, in seconds
PATIENCE = 2.5

_answers: dict[str, str] = {}  # host -> '' or why it cannot be reached
_announced: set[str] = set()


class Root(NamedTuple):
    """A folder in which a loader's data sets may lie, and how to say so without a path."""

    path: Path
    where: str


def wanted(spec: Spec, tier: str | None) -> str:
    """The tier asked for by the argument, else by MLBOOK_TIER, else 'auto'.

    The variable is for all data sets at once, so one that lacks its tier does without.
    """
    by_variable = os.environ.get("MLBOOK_TIER") or "auto"
    for name in (tier, by_variable):
        if name and name not in ("auto", *TIERS):
            raise UnknownNameError("tier", name, ("auto", *TIERS))
    if tier:
        return tier
    return by_variable if by_variable in {source.tier for source in spec.sources} else "auto"


def roots(variable: str, folder: str, many: bool = False) -> list[Root]:
    """The folders to look in, best first: where `variable` points, then data/`folder`.

    With `many` the variable may hold several folders, separated as in PATH.
    """
    found = []
    pointed = os.environ.get(variable, "")
    for part in pointed.split(os.pathsep) if many else [pointed]:
        # a bucket address is no folder; taken for one, a download would create 'gs:' here
        if part and "://" not in part:
            found.append(Root(Path(part).expanduser().absolute(), f"where {variable} points"))
    own = paths.data() / folder
    if own.resolve() not in (root.path.resolve() for root in found):
        found.append(Root(own, f"under data/{folder}"))
    return found


def writable(folder: Path) -> bool:
    """Whether a new entry may be made in `folder`, or in the nearest folder that exists.

    A folder without any write bit counts as read-only even for root, whom it would not stop.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)


def offline_by_choice() -> bool:
    """Whether MLBOOK_OFFLINE forbids the network."""
    return os.environ.get("MLBOOK_OFFLINE", "").lower() not in ("", "0", "false", "no")


def obstacle(url: str, refresh: bool = False) -> str:
    """Why `url` cannot be downloaded now, or '' if its server answers.

    Takes at most `PATIENCE` seconds, also when packets vanish silently or the name server
    does not answer. The answer is kept per host for the life of the process unless `refresh`.
    Proxies and certificates are those of `requests`, which the loaders use as well.
    """
    if offline_by_choice():
        return "MLBOOK_OFFLINE is set"
    host = urlsplit(url).hostname or url
    if refresh or host not in _answers:
        _answers[host] = _ask(url, host)
    return _answers[host]


def _ask(url: str, host: str) -> str:
    import requests

    silence = f"{host} did not answer within {PATIENCE:g} s"
    answer = [silence]

    def ask():
        try:
            # the body is not read: the headers show that a download could begin
            with requests.get(url, stream=True, timeout=PATIENCE) as response:
                status = response.status_code
                page = response.headers.get("content-type", "").startswith("text/html")
            if status != 200:
                answer[0] = f"{host} answered with HTTP status {status}"
            else:
                # networks that want a login first answer everything with their own page
                answer[0] = f"{host} answered with a web page, not with data" if page else ""
        except requests.exceptions.Timeout:
            answer[0] = silence
        except requests.exceptions.ProxyError:
            answer[0] = f"the proxy does not lead to {host}"
        except requests.exceptions.SSLError:
            answer[0] = f"the certificate of {host} was not accepted"
        except Exception:  # whatever it was, a download would meet it too
            answer[0] = f"{host} cannot be reached"

    # A time limit on the socket covers neither the name lookup nor a server that sends one
    # byte a second, so the whole question gets one: the thread may go on, nobody waits for it.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answer[0]


def choose(spec: Spec, tier: str | None) -> Source:
    """The source that `load` reads, downloaded first if need be.

    With 'auto' this is the best tier that can be had now, and one line on stderr says which
    and why, once a data set and process.

    Raises:
        UnknownNameError: no such tier.
        DataError: the data set has no such tier, or its files are damaged.
        OfflineError: it would have to be downloaded and the network does not answer.
    """
    tier = wanted(spec, tier)
    if tier == "auto":
        return _best(spec)
    source = spec.source(tier)
    found = source.find()
    if found.state == "absent":
        source.fetch()
    elif found.state == "damaged":
        raise DataError(damage(spec, source, found))
    return source


def _best(spec: Spec) -> Source:
    missing = []
    for source in spec.sources:
        found = source.find()
        # Falling back in silence would turn a broken file into different numbers.
        if found.state == "damaged":
            raise DataError(damage(spec, source, found))
        reason = ""
        if found.state == "absent":
            reason = source.obstacle()
            if not reason:
                try:
                    found = source.fetch()
                except DataError as error:
                    reason = str(error)
        if reason:
            missing.append(f"{source.tier} data is not on this machine and {reason}")
            continue
        why = f"{source.sentence}, {found.where}" if found.where else source.sentence
        _announce(spec.name, "; ".join([f"{source.tier} data ({why})", *missing]))
        return source
    raise OfflineError(f"{spec.name}: no data to be had: {'; '.join(missing)}.")


def _announce(name: str, text: str) -> None:
    if name not in _announced:
        _announced.add(name)
        print(f"mlbook: {name}: {text}", file=sys.stderr)


def damage(spec: Spec, source: Source, found: Found) -> str:
    """The message for files that are there and are not right."""
    return f"{spec.name} ({source.tier}) is damaged: {found.note}. Mend it with `{source.mend}`."
