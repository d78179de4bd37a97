"""How columns transform: representations written as text, and their matrices."""

import re
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.groups import Group

WORDS = ("scalar", "pseudoscalar", "vector", "pseudovector", "covector", "displacement", "tensor(p)", "tensor(p, q)")
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[A-Za-z_]+)|(?P<symbol>[-+*(),]))")


@dataclass(frozen=True, order=True)
class Kind:
    """A tensor with `upper` vector indices and `lower` covector indices; `odd` ones flip with the sign of det g.

    `point` marks a vector of a group of shifts, which moves with the shift; differences of points do not.
    """

    upper: int = 0
    lower: int = 0
    odd: bool = False
    point: bool = False

    @property
    def rank(self) -> int:
        """Number of indices."""
        return self.upper + self.lower

    @property
    def invariant(self) -> bool:
        """Whether nothing acts on it."""
        return self.rank == 0 and not self.odd

    def size(self, group: Group) -> int:
        """How many numbers it has."""
        return int(group.dimension**self.rank)

    def __str__(self) -> str:
        """As it is written."""
        if self.rank == 0:
            return "pseudoscalar" if self.odd else "scalar"
        if self.rank == 1:
            return ("pseudo" if self.odd else "") + ("vector" if self.upper else "covector")
        inside = f"{self.upper}, {self.lower}" if self.lower else f"{self.upper}"
        return ("pseudoscalar*" if self.odd else "") + f"tensor({inside})"


def parse(text: str) -> tuple[Kind, ...]:
    """The kinds that a text names, in order: "2*scalar + vector" has three.

    Products multiply: `vector*vector` is `tensor(2)`, and a sum in brackets is multiplied out.

    Raises:
        InputError: Says where the text cannot be understood and which words there are.

    Examples:
        >>> [str(kind) for kind in parse("2*scalar + vector*vector")]
        ['scalar', 'scalar', 'tensor(2)']
    """
    return _Parser(text).all()


class _Parser:
    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise InputError(f"A representation is text such as '3*vector + 2*scalar'; got {text!r}.")
        self.text, self.tokens, at = text, list[str](), 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                self.fail(f"{text[at:].strip()[0]!r}")
            self.tokens.append(match[0].strip())
            at = match.end()
        self.at = 0

    def fail(self, what: str) -> NoReturn:
        raise InputError(
            f"The representation {self.text!r} cannot be understood at {what}: it is a sum such as "
            f"'3*vector + 2*scalar', made of {', '.join(WORDS)}."
        )

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.next
        if not token or (expected and token != expected):
            self.fail(f"{token!r}" if token else "its end")
        self.at += 1
        return token

    def all(self) -> tuple[Kind, ...]:
        kinds = self.sum()
        if self.next:
            self.fail(f"{self.next!r}")
        return kinds

    def sum(self) -> tuple[Kind, ...]:
        kinds = self.product()
        while self.next == "+":
            self.take()
            kinds += self.product()
        return kinds

    def product(self) -> tuple[Kind, ...]:
        kinds = self.factor()
        while self.next == "*":
            self.take()
            right = self.factor()
            kinds = (
                tuple(Kind(a.upper + b.upper, a.lower + b.lower, a.odd != b.odd) for a in kinds for b in right)
                if not (_plain(kinds) or _plain(right))
                else _times(kinds, right)
            )
        return kinds

    def factor(self) -> tuple[Kind, ...]:
        word = self.take()
        if word.isdigit():
            if int(word) > 10_000:
                self.fail(f"{word!r} (more than 10000)")
            return (Kind(),) * int(word)
        if word == "(":
            kinds = self.sum()
            self.take(")")
            return kinds
        if word == "tensor":
            self.take("(")
            upper, lower = self.number(), 0
            if self.next == ",":
                self.take()
                lower = self.number()
            self.take(")")
            return (Kind(upper, lower),)
        words = {
            "scalar": Kind(),
            "pseudoscalar": Kind(odd=True),
            "vector": Kind(1, point=True),
            "displacement": Kind(1),
            "pseudovector": Kind(1, odd=True),
            "covector": Kind(0, 1),
        }
        if word not in words:
            self.fail(f"{word!r}")
        return (words[word],)

    def number(self) -> int:
        word = self.take()
        if not word.isdigit() or int(word) > 8:
            self.fail(f"{word!r} (expected a whole number of indices, at most 8)")
        return int(word)


def _plain(kinds: tuple[Kind, ...]) -> bool:
    return all(kind.invariant for kind in kinds)


def _times(left: tuple[Kind, ...], right: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return left * len(right) if _plain(right) else right * len(left)


def size(kinds: tuple[Kind, ...], group: Group) -> int:
    """How many columns these kinds take."""
    return sum(kind.size(group) for kind in kinds)


def moved(x: Tensor, kind: Kind, g: Tensor, group: Group) -> Tensor:
    """Apply elements g, (..., d, d), to tensors of one kind, x of shape (..., count, d**rank); shapes broadcast.

    Elements of an affine group have d + 1 rows; the shift moves points only.
    """
    d = group.dimension
    linear = g[..., :d, :d]
    if kind.odd:
        x = x * torch.linalg.det(linear).sign()[..., None, None]
    if kind.rank == 0:
        return x
    shape = np.broadcast_shapes(x.shape[:-2], g.shape[:-2])
    x = x.expand(*shape, *x.shape[-2:])
    count = x.shape[-2]
    x = x.reshape(*shape, count, *(d,) * kind.rank)
    dual = torch.linalg.inv(linear).transpose(-1, -2) if kind.lower else linear
    for slot in range(kind.rank):
        matrix = linear if slot < kind.upper else dual
        moving = x.movedim(len(shape) + 1 + slot, -1)  # (..., count, rest, d)
        rest = moving.shape[len(shape) :]
        flat = moving.flatten(len(shape), -2) @ matrix.transpose(-1, -2)
        x = flat.reshape(*shape, *rest).movedim(-1, len(shape) + 1 + slot)
    if kind.point and group.affine:
        x = x + g[..., None, :d, d]
        if group.period is not None:
            x = torch.remainder(x + group.period / 2, group.period) - group.period / 2
    return x.reshape(*shape, count, d**kind.rank)


def derivative(x: Tensor, kind: Kind, A: Tensor, group: Group) -> Tensor:
    """Apply a generator A, (d, d), to tensors of one kind, (..., count, d**rank): how fast exp(t A) moves them."""
    d = group.dimension
    linear = A[:d, :d]
    lead = x.shape[:-1]
    x = x.reshape(*lead, *(d,) * kind.rank)
    total = torch.zeros_like(x)
    for slot in range(kind.rank):
        matrix = linear if slot < kind.upper else -linear.T
        total = total + torch.movedim(torch.movedim(x, len(lead) + slot, -1) @ matrix.T, -1, len(lead) + slot)
    if kind.point and group.affine:
        total = total + A[:d, d]
    return total.reshape(*lead, -1)


def generator_matrix(kind: Kind, A: Any) -> sparse.csr_matrix:
    """The matrix by which a linear generator A acts on a kind, (d**rank, d**rank)."""
    d = A.shape[-1]
    total = sparse.csr_matrix((d**kind.rank, d**kind.rank))
    for slot in range(kind.rank):
        matrix = sparse.csr_matrix(A if slot < kind.upper else -A.T)
        left, right = sparse.identity(d**slot), sparse.identity(d ** (kind.rank - slot - 1))
        total = total + sparse.kron(sparse.kron(left, matrix), right, format="csr")
    return total


def element_matrix(kind: Kind, h: Any) -> sparse.csr_matrix:
    """The matrix by which a linear element h acts on a kind, (d**rank, d**rank)."""
    total = sparse.identity(1, format="csr")
    for slot in range(kind.rank):
        total = sparse.kron(total, sparse.csr_matrix(h if slot < kind.upper else np.linalg.inv(h).T), format="csr")
    return total * (float(np.sign(np.linalg.det(h))) if kind.odd else 1.0)
