"""Networks around networks, split so that the pass of the innermost one can be made by hand."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Around(nn.Module, ABC):
    """A network around a core that has all the parameters: y = combine(core(given(x)), x).

    The core may be another such network. A subclass says what its own core is given, what is made of what that gives,
    and the derivative of this; `inner_given`, `inner_combine` and `inner_slope` follow for all that lies within.
    """

    stacks = True
    core: nn.Module

    def reset_parameters(self) -> None:
        """Draw the core's parameters again."""
        self.core.reset_parameters()  # type: ignore[operator]

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (..., B, O) of inputs (..., B, S)."""
        z: Tensor = self.core(self.given(x))
        return self.combine(z, x)

    @abstractmethod
    def given(self, x: Tensor) -> Tensor:
        """What the core is given, (..., rows, numbers); a row of x may become several."""

    @abstractmethod
    def combine(self, z: Tensor, x: Tensor) -> Tensor:
        """The outputs, from what the core gives."""

    @abstractmethod
    def slope(self, d: Tensor, x: Tensor, z: Tensor) -> Tensor:
        """The derivative of a loss by what the core gives, z, from d, that by the outputs."""

    def inner_given(self, x: Tensor) -> Tensor:
        """What the innermost core is given."""
        given = self.given(x)
        return self.core.inner_given(given) if isinstance(self.core, Around) else given

    def inner_combine(self, z: Tensor, x: Tensor) -> Tensor:
        """The outputs, from what the innermost core gives."""
        return self.combine(self._of_core(z, x), x)

    def inner_slope(self, d: Tensor, x: Tensor, z: Tensor) -> Tensor:
        """The derivative of a loss by what the innermost core gives, z, from d, that by the outputs."""
        d = self.slope(d, x, self._of_core(z, x))
        return self.core.inner_slope(d, self.given(x), z) if isinstance(self.core, Around) else d

    def _of_core(self, z: Tensor, x: Tensor) -> Tensor:
        return self.core.inner_combine(z, self.given(x)) if isinstance(self.core, Around) else z


def innermost_core(net: nn.Module) -> nn.Module:
    """The network that has the parameters, within networks around it."""
    while isinstance(net, Around):
        net = net.core
    return net
