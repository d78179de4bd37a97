"""Formulas written as text, read by a parser of our own: worked out on tensors, or handed to SymPy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.grammar import nearest, walk
from lawful.physics.expression_syntax import FUNCTIONS, Node, evaluate, read

_EXACT = 100  # exponents of plain numbers beyond which SymPy is given a float: it would work out every digit


@dataclass(frozen=True)
class Expression:
    """A formula that was read from text; made by `parse`.

    Attributes:
        text: As it was written.
        tree: What was understood.
    """

    text: str
    tree: Node

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in it, sorted; without functions and constants."""
        return tuple(sorted({node.value for node in walk(self.tree) if node.kind == "name"}))

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Which of the constants pi and e are in it, sorted."""
        return tuple(sorted({node.value for node in walk(self.tree) if node.kind == "constant"}))

    def __str__(self) -> str:
        """The text."""
        return self.text

    def torch(self, values: Mapping[str, Tensor]) -> Tensor:
        """Work it out on tensors, differentiable by them.

        Args:
            values: A tensor for each name, of shapes that broadcast.

        Returns:
            A tensor of the common shape; of shape () where the formula has no names.

        Raises:
            InputError: When a name has no value; says which.

        Examples:
            >>> import torch
            >>> parse("-9.81 / length * sin(angle)").torch(
            ...     {"angle": torch.tensor([0.0, torch.pi / 2]), "length": torch.tensor(2.0)})
            tensor([-0.0000, -4.9050])
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise InputError(
                f"{self.text[:200]!r}: no value is given for {missing[0]!r}; {nearest(missing[0], values)}."
            )
        given = {name: _real(values[name]) for name in self.names}
        like = next(iter(given.values()), torch.zeros((), dtype=torch.float64))

        def tensor(x: Any) -> Tensor:
            return x if isinstance(x, Tensor) else torch.full((), x, dtype=like.dtype, device=like.device)

        def leaf(node: Node) -> Any:
            return node.number if node.number is not None else given[node.value] if node.kind == "name" else None

        def call(name: str, x: list[Any]) -> Any:
            if name == "**":  # a number stays a number: its derivatives are those of a power law, also at zero
                return x[0] ** x[1]
            return FUNCTIONS[name][2](*map(tensor, x))

        return tensor(evaluate(self.tree, leaf, call))

    def sympy(self) -> Any:
        """The formula as a SymPy expression, each name a plain `sympy.Symbol`.

        Examples:
            >>> parse("a * x**2 + sin(pi)").sympy()
            a*x**2
        """
        import sympy

        constants = {"pi": sympy.pi, "e": sympy.E}

        def leaf(node: Node) -> Any:
            if node.kind == "name":
                return sympy.Symbol(node.value)
            if node.kind == "constant":
                return constants[node.value]
            if node.kind == "number":
                return sympy.Integer(node.value) if isinstance(node.value, int) else sympy.Float(node.value)
            if node.kind == "power" and node.number is not None and abs(node.parts[1].number or 0.0) > _EXACT:
                return sympy.Float(node.number)
            return None

        def call(name: str, x: list[Any]) -> Any:
            return x[0] ** x[1] if name == "**" else getattr(sympy, FUNCTIONS[name][3])(*x)

        return evaluate(self.tree, leaf, call)


def parse(text: str, names: Iterable[str] = (), where: str = "expression") -> Expression:
    """Read a formula.

    It is made of numbers, names, + - * / ** (which binds to the right, and before a minus sign), brackets, the
    constants pi and e, and the functions sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, exp, log, sqrt,
    abs, sign, min and max. A name with odd characters stands in backticks; what stands in backticks is always a name.

    Args:
        text: The formula.
        names: Names that are meant where they could also be a constant, as a column "e".
        where: What messages begin with.

    Raises:
        InputError: When it cannot be understood, or a part without names is no finite number; shows where.

    Examples:
        >>> parse("-9.81 / length * sin(angle)").names
        ('angle', 'length')
        >>> float(parse("2 * -3**2 + 7 / 2 / 7").torch({}))
        -17.5
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where} {text!r}: expected a formula as text, such as '-9.81 / length * sin(angle)'.")
    return Expression(text.strip(), read(text, frozenset(names), where))


def _real(x: Any) -> Tensor:
    value = torch.as_tensor(x)
    return value if value.is_floating_point() else value.to(torch.float64)
