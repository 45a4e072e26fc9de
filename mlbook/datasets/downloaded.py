"""Data sets that a loader's own download brings: find a copy, read it, fetch it safely."""

import sys
from abc import abstractmethod
from pathlib import Path

from mlbook.datasets import downloading, tiers
from mlbook.datasets.base import Found, Source, Splits, verify
from mlbook.errors import DataError, OfflineError


class DownloadedSource(Source):
    """One data set in the folder of a loader, for which most loaders have a variable.

    A subclass says what the set's entry in such a folder is (a file or a folder), judges and
    reads it, and brings a new one into an empty folder. The rest is the same for every loader.
    """

    name: str
    variable: str  # the loader's own environment variable; '' if it has none
    folder: str  # where the set lands under data/ without that variable
    many: bool = False  # whether the variable may hold several folders
    fallback: str  # the tier to work with where this one cannot be had; '' if none

    @property
    def command(self) -> str:
        """The command that downloads this tier."""
        tier = "" if self.tier == "canonical" else f" --tier {self.tier}"
        return f"mlbook data fetch {self.name}{tier}"

    @property
    def mend(self) -> str:
        return f"{self.command} --force"

    def obstacle(self, refresh: bool = False) -> str:
        return tiers.obstacle(self.url, refresh=refresh)

    @property
    @abstractmethod
    def entry(self) -> str:
        """The path of the set's file or folder inside the loader's folder."""

    @abstractmethod
    def judge(self, root: Path) -> Found:
        """What lies in one folder of the loader: 'present', 'damaged' or 'absent'."""

    @abstractmethod
    def read_from(self, root: Path) -> Splits:
        """Read all items; `DataError` that names the file if they cannot be read."""

    @abstractmethod
    def bring(self, scratch: Path) -> None:
        """Let the loader download into the empty folder `scratch`, with a progress bar."""

    def roots(self) -> list[tiers.Root]:
        return tiers.roots(self.variable, self.folder, self.many)

    def find(self) -> Found:
        """The first sound copy; else the first damaged one; else 'absent'."""
        found = [self._judge(root) for root in self.roots()]
        for state in ("present", "damaged"):
            for one in found:
                if one.state == state:
                    return one
        notes = [one.note for one in found if one.note]
        return Found("absent", note="; ".join(notes))

    def _judge(self, root: tiers.Root) -> Found:
        try:
            found = self.judge(root.path)
        except OSError as error:
            place = str(root.path / self.entry)
            note = f"{error.filename or place} cannot be read ({error.strerror})"
            found = Found("damaged", place, note=note)
        where = "" if found.state == "absent" else f"found {root.where}"
        return Found(found.state, found.place, where, found.note, found.files)

    def read(self) -> Splits:
        found = self.find()
        if found.state != "present":
            raise DataError(f"{self.name}: no sound copy to read. {found.note}")
        return self.read_from(self._root_of(found).path)

    def _root_of(self, found: Found) -> tiers.Root:
        return next(r for r in self.roots() if Path(found.place).is_relative_to(r.path))

    def fetch(self, force: bool = False) -> Found:
        """Download with the loader's own code, verify, and only then put it in place.

        Returns what is there afterwards; a sound copy is left alone unless `force`. With
        `force` the existing copy is replaced, and nothing else is touched.

        Raises:
            OfflineError: the server cannot be reached; the existing copy is left alone.
            DataError: a damaged copy is in the way and not `force`; the folder is read-only;
                the disk is full; what arrived is not the data set.
        """
        found = self.find()
        if found.state == "present" and not force:
            return found
        if found.state == "damaged" and not force:
            raise DataError(f"{self.name}: {found.note}. Mend it with `{self.mend}`.")
        root = self._target(found)
        if reason := self.obstacle(refresh=True):
            raise self.unreachable(reason, root.path)
        with downloading.complaints(self.name, self.command, root.path, self.variable):
            root.path.mkdir(parents=True, exist_ok=True)
            with downloading.alone(root.path, self.name):
                # another process may have brought it while this one waited
                if not force and self._judge(root).state == "present":
                    return self._judge(root)
                with downloading.scratch(root.path, self.name) as scratch:
                    size = downloading.megabytes(self.download_bytes)
                    print(f"mlbook: {self.name}: downloading {size}", file=sys.stderr)
                    self.bring(scratch)
                    self.accept(scratch)
                    new = scratch / self.entry
                    downloading.put_in_place(new, root.path / self.entry, scratch)
        return self._judge(root)

    def unreachable(self, reason: str, folder: Path) -> OfflineError:
        """The error to raise where nothing can be downloaded, with all ways out of it."""
        ways = [
            f"Connect and run `{self.command}`; or copy {self.entry} of a machine that has it to "
            f"{folder}"
        ]
        if self.variable:
            ways.append(f", or set {self.variable} to the folder that holds it")
        if self.fallback:
            ways.append(f"; or set MLBOOK_TIER={self.fallback}")
        return OfflineError(
            f"{self.name} ({self.tier}) cannot be downloaded now: {reason}. {''.join(ways)}."
        )

    def accept(self, scratch: Path) -> None:
        """Raise `DataError` if what arrived in `scratch` is not the data set."""
        verify(self.name, self, self.read_from(scratch), str(scratch / self.entry))

    def _target(self, found: Found) -> tiers.Root:
        """The root to write to: where a copy lies already, else the first writable one."""
        candidates = self.roots()
        if found.place:
            place = Path(found.place)
            spots = [place.parent, place] if place.is_dir() else [place.parent]
            kept = place.is_file() and not place.stat().st_mode & 0o222
            if kept or not all(map(tiers.writable, spots)):
                raise DataError(
                    f"{self.name}: {place} is read-only and stays as it is. "
                    + (
                        f"Set {self.variable} to a folder you may write to, or unset it."
                        if self.variable
                        else "Make it writable."
                    )
                )
            candidates = [self._root_of(found)]
        for root in candidates:
            if tiers.writable((root.path / self.entry).parent) and tiers.writable(root.path):
                return root
        folders = " and ".join(str(root.path) for root in candidates)
        raise DataError(
            f"{self.name}: cannot write to {folders}. {downloading.writable_hint(self.variable)}"
        )
