"""Lines of a CSV file: where the names stand, and whether every line has a field for each of them."""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TextIO, final

import numpy as np
import numpy.typing as npt

from lawful.errors import InputError

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_FIELD = re.compile(r'(?:"(?:[^"]|"")*"|\S)+')
BLANKS = r"\s+"
_MOST_LINES = 1000  # of a line of names


@dataclass(frozen=True)
class Head:
    """The line of names of a CSV file.

    Attributes:
        names: The fields of the line.
        separator: What stands between fields: a comma, semicolon or tab, or `BLANKS`.
        quoted: Whether quotes stand in the line.
        lines: How many lines of the file come before the first event.
        bare: The fields that stand in no quotes; in quotes, numbers are names too.
        comment: The last comment above the line; empty when there is none.
    """

    names: tuple[str, ...]
    separator: str
    quoted: bool
    lines: int
    bare: tuple[str, ...]
    comment: str


def head(file: TextIO) -> Head | None:
    """Read past comments and blank lines, and the line of names; None when there is none.

    Lines that start with `#` are comments; a first name that starts so stands in quotes.
    """
    comment = ""
    for before, line in enumerate(file):
        if not line.strip() or line.startswith("#"):
            comment = line.strip() or comment
            continue
        more = itertools.islice(file, _MOST_LINES)
        lines = 1
        while line.count('"') % 2 and (rest := next(more, "")):  # a name with a line end in it
            line, lines = line + rest, lines + 1
        bare = _QUOTED.sub("", line)
        separator = max(",;\t", key=bare.count) if any(mark in bare for mark in ",;\t") else BLANKS
        names = _fields(line, separator)
        unquoted = tuple(name for name in _fields(_QUOTED.sub('""', line), separator) if name)
        return Head(tuple(names), separator, bare != line, before + lines, unquoted, comment)
    return None


def _fields(line: str, separator: str) -> list[str]:
    """The fields of a line, without their quotes."""
    delimiter = " " if separator == BLANKS else separator
    names = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, skipinitialspace=True))
    if separator == BLANKS and len(names) > 1 and not names[-1]:
        names.pop()  # a blank at the end of the line
    return names


def counted(file: TextIO, separator: str) -> Iterator[tuple[int, int]]:
    """For each record its last line in the file, from one, and the number of its fields; blank lines are left out."""
    if separator == BLANKS:
        pairs = ((i, len(_FIELD.findall(line))) for i, line in enumerate(file, start=1))
    else:
        reader = csv.reader(file, delimiter=separator, skipinitialspace=True)
        pairs = ((reader.line_num, len(record)) for record in reader if record != [""])
    return (pair for pair in pairs if pair[1])


def check(file: TextIO, found: Head, where: str) -> None:
    """Raise `InputError` for the first line that has not one field for each name; reads from the file's start."""
    for line, fields in counted(file, found.separator):
        if line <= found.lines or fields == len(found.names):
            continue
        cause = (
            "row names, decimal commas or a separator at the end? Every field needs a name"
            if fields > len(found.names)
            else "was it cut off, or is it a comment?"
        )
        raise InputError(
            f"{where}: line {line} has {fields} field{'s' * (fields > 1)}, the line of names has "
            f"{len(found.names)}: {cause}"
        )


@final
class Counting:
    """The text of a CSV file on its way to the parser, which would shift or drop the fields of a wrong line.

    Fields are counted at the speed of the reading. Quotes inside a word can mislead that count, so that
    `otherwise`, which is exact and slow, has the last word.

    Args:
        file: What to read, after the line of names.
        found: The line of names.
        otherwise: Called once when a line seems wrong; raises `InputError` when one is.
    """

    def __init__(self, file: TextIO, found: Head, otherwise: Callable[[], None]) -> None:
        self._file, self._head, self._otherwise = file, found, otherwise
        self._counting = True
        self._quoted = 0  # whether the text so far ends inside quotes
        self._hits = 0  # separators (or fields) and characters of the line that the text so far ends in
        self._length = 0
        self._last = "\n"

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def read(self, size: int = -1) -> str:
        """The next characters."""
        text = self._file.read(size)
        if self._counting:
            ended = text or ("\n" if self._last not in "\r\n" else "")
            if ended and not self._right(ended):
                self._counting = False
                self._otherwise()
        return text

    def _right(self, text: str) -> bool:
        """Whether the lines that end in this text have a field for each name."""
        before, self._last = self._last, text[-1]
        if "\r" in text or before == "\r":
            text = text.removeprefix("\n") if before == "\r" else text
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        b = np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
        if not len(b):
            return True
        end = b == 10
        hit = self._starts(b, end, before) if self._head.separator == BLANKS else b == ord(self._head.separator)
        quote = b == 34
        if self._quoted or quote.any():
            inside = (np.cumsum(quote) + self._quoted) % 2 == 1
            self._quoted = int(inside[-1])
            end, hit = end & ~inside, hit & ~inside | (hit & quote if self._head.separator == BLANKS else False)
        ends, hits = np.flatnonzero(end), np.flatnonzero(hit)
        upto = np.searchsorted(hits, ends)
        fields = np.diff(upto, prepend=0)
        length = np.diff(ends, prepend=-1) - 1
        if len(ends):
            fields[0] += self._hits
            length[0] += self._length
            self._hits, self._length = len(hits) - int(upto[-1]), len(b) - int(ends[-1]) - 1
        else:
            self._hits, self._length = self._hits + len(hits), self._length + len(b)
        if self._head.separator == BLANKS:
            return not np.any((fields != len(self._head.names)) & (fields > 0))
        return not np.any((fields != len(self._head.names) - 1) & (length > 0))

    @staticmethod
    def _starts(b: npt.NDArray[np.uint8], end: npt.NDArray[np.bool_], before: str) -> npt.NDArray[np.bool_]:
        """Where a field starts: at what is no blank and follows one."""
        gap = end | (b == 32) | (b == 9)
        starts = np.asarray(~gap)
        starts[1:] &= gap[:-1]
        starts[0] &= before in " \t\r\n"
        return starts
