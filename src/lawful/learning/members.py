"""An ensemble held as one batched network: every parameter has a leading member dimension."""

import copy
import threading
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from lawful.errors import InputError
from lawful.learning.device import SMALL, threads
from lawful.nets.around import Around, innermost_core
from lawful.nets.dense import DensePass, cut
from lawful.nets.mlp import MLP
from lawful.nets.stacking import stacks


class Members:
    """M networks of one shape, their parameters in one (M, P) tensor.

    Args:
        make: Function that makes a network; called once a member, each time under a seed of its own.
        count: Number of members M.
        seed: The members' first weights follow from it.
        dtype: Number type of the parameters.
        device: Where they live.

    Attributes:
        net: The shape that all members share, in training mode or not as it was made. Parameters that were frozen
            (`requires_grad=False`) are buffers of it, which no training moves.
        values: The parameters, (M, P), each row in the order of `net.parameters()`.
        buffers: What the modules keep besides parameters, by name, each (M, ...).

    Raises:
        InputError: When there is nothing to train.

    Examples:
        >>> members = Members(lambda: nn.Linear(3, 1), 4, seed=0)
        >>> members.values.shape
        torch.Size([4, 4])
        >>> members.scores(torch.zeros(7, 3)).shape
        torch.Size([4, 7, 1])
    """

    def __init__(
        self,
        make: Callable[[], nn.Module],
        count: int,
        *,
        seed: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        nets: list[nn.Module] = []
        for member in range(count):
            with seeded(seed, member):
                nets.append(make().to(dtype))
        self.net = _freeze(copy.deepcopy(nets[0]).to(device))  # the first may be kept by whoever made it
        self.net.requires_grad_(False)
        names = [name for name, _ in self.net.named_parameters()]
        if not names:
            raise InputError("The network has no parameters to train: it has none, or all of them are frozen.")
        rows = [torch.cat([net.get_parameter(name).detach().reshape(-1).cpu() for name in names]) for net in nets]
        self.values = torch.stack(rows).to(device)
        self.stacked = stacks(self.net)
        self.alone = any(getattr(part, "alone", False) for part in self.net.modules())
        kept = [name for name, _ in self.net.named_buffers()]
        self.buffers = {name: torch.stack([_tensor(net, name).cpu() for net in nets]).to(device) for name in kept}

    def __len__(self) -> int:
        """Number of members."""
        return len(self.values)

    @property
    def reuse(self) -> int:
        """How often each weight is used for an event, roughly: the number of objects or pixels."""
        return max(int(getattr(part, "reuse", 1)) for part in self.net.modules())

    @property
    def by_hand(self) -> bool:
        """Whether `DensePass` can do the work of this network."""
        core = innermost_core(self.net)
        frozen = any(True for _ in core.buffers())  # an MLP has none, but for parameters that are not to be trained
        return type(core) is MLP and not frozen and self.values.device.type == "cpu"

    def parameters(self, values: Tensor | None = None) -> dict[str, Tensor]:
        """The parameters by name, each (M, *shape), sharing memory with `values`."""
        return dict(cut(self.net, self.values if values is None else values))

    def alike(self) -> list[str]:
        """Names of parameters that are equal in all members and not constant, as zeros and ones are on purpose."""
        return [
            name
            for name, v in self.parameters().items()
            if len(self) > 1 and bool((v == v[:1]).all()) and not bool((v == v.reshape(-1)[0]).all())
        ]

    def outputs(self, values: Tensor, buffers: dict[str, Tensor], x: Tensor) -> Tensor:
        """Scores (M, B, O) of each member on its own batch x, (M, B, ...), differentiable by `values`.

        All members are one batched computation: networks of `lawful.nets` take stacked parameters, and others go by
        `torch.func.vmap`; a module that `vmap` cannot take (it looks at the values of its inputs) is called once a
        member.
        """

        def call(parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
            z: Tensor = functional_call(self.net, (parameters, buffers), (x,))
            return z

        parameters = self.parameters(values)
        if self.stacked:
            z: Tensor = functional_call(self.net, parameters, (x,), tie_weights=False)
            return z
        if len(values) > 1 and not self.alone and not hasattr(self, "_one_by_one"):
            try:
                return vmap(call, randomness="different")(parameters, buffers, x)
            except RuntimeError:
                self._one_by_one = True  # if the module itself is at fault, the calls below say so
        each = [
            call({k: v[m] for k, v in parameters.items()}, {k: v[m] for k, v in buffers.items()}, x[m])
            for m in range(len(values))
        ]
        return torch.stack(each)

    @classmethod
    def joined(cls, one: "Members", other: "Members") -> "Members":
        """The members of two ensembles of one shape, one after the other."""
        both = copy.copy(one)
        both.values = torch.cat([one.values, other.values])
        both.buffers = {name: torch.cat([v, other.buffers[name]]) for name, v in one.buffers.items()}
        return both

    def net_of(self, member: int) -> nn.Module:
        """A network of its own with the parameters and buffers of a member, in evaluation mode."""
        net = copy.deepcopy(self.net).to(self.values.dtype)
        with torch.no_grad():
            for name, value in self.parameters().items():
                net.get_parameter(name).copy_(value[member])
            for name, value in self.buffers.items():
                _tensor(net, name).copy_(value[member])
        return net.requires_grad_(True).eval()

    def scores(self, x: Tensor, rows: int = 2048) -> Tensor:
        """Scores (M, N, O) of every member on the same events x, (N, ...), in evaluation mode, without gradients.

        Where `DensePass` does the work it is done in float64, so that the score of an event does not depend on the
        events beside it.
        """
        self.net.eval()
        M, N = len(self), len(x)
        with torch.no_grad():
            if self.by_hand and N:
                with threads(1):  # parts this small are slower on several
                    return scores_by_hand(self.net, self.values.double(), x.double().expand(M, *x.shape))
            x = x.to(self.values.dtype)
            small = 2 * min(N, rows) * self.values.numel() * self.reuse < SMALL
            with threads(1) if small else nullcontext():
                parts = [
                    self.outputs(self.values, self.buffers, part.expand(M, *part.shape))
                    for part in (x.split(rows) if N else [x])
                ]
        return torch.cat(parts, 1)


def redraw(net: nn.Module) -> None:
    """Draw the first weights of a module anew, by the `reset_parameters` of its parts; what is frozen stays.

    Inner parts come first, so that a part has the last word on the parts that it holds.
    """
    frozen = [(p, p.detach().clone()) for p in net.parameters() if not p.requires_grad]
    for part in reversed(list(net.modules())):
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if callable(reset) and any(p.requires_grad for p in part.parameters()):
            reset()
    with torch.no_grad():
        for parameter, value in frozen:
            parameter.copy_(value)


def _freeze(net: nn.Module) -> nn.Module:
    """Turn parameters that need no gradient into buffers; modules that share one share the buffer."""
    made: dict[int, Tensor] = {}
    for part in net.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            if not parameter.requires_grad:
                del part._parameters[name]
                part.register_buffer(name, made.setdefault(id(parameter), parameter.detach()))
    return net


def _tensor(net: nn.Module, name: str) -> Tensor:
    """A buffer, or a parameter that is one in the members' common shape."""
    place, _, last = name.rpartition(".")
    found = getattr(net.get_submodule(place), last)
    return torch.as_tensor(found.detach())


def scores_by_hand(net: nn.Module, values: Tensor, x: Tensor, rows: int = 2048) -> Tensor:
    """Scores (M, N, O) of an `MLP` on x, (M, N, F), by `DensePass`, in parts of about `rows` events of all members.

    The parts are small enough for the intermediate values to stay in the processor's cache.
    """
    core, M, N = innermost_core(net), *x.shape[:2]
    assert isinstance(core, MLP)
    around = net if isinstance(net, Around) else None
    copies = 1 if around is None else around.inner_given(x[:1, :1]).shape[-2]
    rows = max(128 // copies, 1, rows // (M * copies))
    size = -(-N // -(-N // rows))  # the parts are equally large; the last one overlaps the one before
    dense = DensePass(core, values, None, size * copies)
    parts: list[Tensor] = []
    for start in range(0, N, size):
        first = min(start, N - size)
        part = x[:, first : first + size].to(values.dtype)
        if around is None:
            z = dense.forward(part).clone()
        else:
            z = around.inner_combine(dense.forward(around.inner_given(part).contiguous()), part)
        parts.append(z[:, start - first :])
    return torch.cat(parts, 1)


class seeded:  # noqa: N801 - a context manager, used like a function
    """Run a block under a seed of torch's global generator, and put its state back afterwards.

    Modules draw their first weights and their dropout from the global generator; this keeps the draw reproducible
    and leaves no trace. Blocks in several threads take turns, since there is one generator for all.
    """

    _turn = threading.RLock()

    def __init__(self, *key: int) -> None:
        self.key = key

    def __enter__(self) -> None:
        import numpy as np

        self._turn.acquire()
        self.state = torch.get_rng_state()
        self.cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        torch.manual_seed(int(np.random.SeedSequence(self.key).generate_state(1, np.uint64)[0] >> np.uint64(1)))

    def __exit__(self, *_: object) -> None:
        torch.set_rng_state(self.state)
        if self.cuda:
            torch.cuda.set_rng_state_all(self.cuda)
        self._turn.release()
