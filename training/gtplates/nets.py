"""The three networks. Each takes luma 0..255 and normalises itself, so that exposure is no concern of a run time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .geometry import READER_VIEW, REFINER_VIEW
from .glyphs import CHARACTERS

POSITIONS = 7
LAYOUT_CLASSES = 4  # (mercosul) + 2 * (two rows)


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)
    )


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class Separable(nn.Module):
    """Each channel looks round by itself, then all are mixed: a tenth of what a full convolution costs."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.around = nn.Sequential(nn.Conv2d(channels, channels, 5, 1, 2, groups=channels, bias=False), nn.BatchNorm2d(channels), nn.ReLU(True))
        self.mixed = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.mixed(self.around(x)))


def smaller(inputs: int, outputs: int) -> nn.Sequential:
    """Half the size, by the same parts."""
    around = nn.Conv2d(inputs, inputs, 5, 2, 2, groups=inputs, bias=False)
    return nn.Sequential(around, nn.BatchNorm2d(inputs), conv(inputs, outputs, 1))


def normalise(view: Tensor) -> Tensor:
    centred = view - view.mean((2, 3), keepdim=True)
    # + 4: a nearly flat view (a wall at night) must not have its noise blown up to full contrast.
    return centred / (centred.pow(2).mean((2, 3), keepdim=True).sqrt() + 4)


class Reader(nn.Module):
    """A straightened plate → seven positions of 36 logits, layout logits and one logit "this reading is right".

    Seven slots look where they want on an 8×20 map, so that one and two rows, shifted and squeezed texts share one net.
    """

    def __init__(self, channels: tuple[int, int, int, int] = (24, 48, 96, 128), later: type[nn.Module] = Separable) -> None:
        super().__init__()
        a, b, c, d = channels
        self.trunk = nn.Sequential(
            conv(1, a, 5, 2), conv(a, b, 3, 2), Residual(b), conv(b, c, 3, 2), Residual(c), later(c), conv(c, d), Residual(d), later(d),
        )
        rows, columns = READER_VIEW.height // 8, READER_VIEW.width // 8
        self.context = nn.Linear(d, d)
        self.position = nn.Parameter(torch.zeros(1, d, rows, columns))
        self.attention = nn.Conv2d(d, POSITIONS, 1)
        self.place = nn.Parameter(torch.zeros(1, POSITIONS, rows, columns))
        self.shared = nn.Linear(d, len(CHARACTERS))
        self.own = nn.Parameter(torch.randn(POSITIONS, d, len(CHARACTERS)) * 0.05)
        self.own_bias = nn.Parameter(torch.zeros(POSITIONS, len(CHARACTERS)))
        self.layout = nn.Linear(d, LAYOUT_CLASSES)
        self.sure = nn.Sequential(nn.Linear(d + 3 * POSITIONS, 32), nn.ReLU(True), nn.Linear(32, 1))

    def forward(self, view: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        map_ = self.trunk(normalise(view))
        whole = map_.mean((2, 3))
        looked = F.relu(map_ + self.position + self.context(whole)[..., None, None])
        weights = (self.attention(looked) + self.place).flatten(2).softmax(-1)
        slots = weights @ map_.flatten(2).transpose(1, 2)
        # (n, slots, 1, d) @ (slots, d, 36) is the einsum "nsd,sdk->nsk", which some run times do slowly.
        own = (slots[:, :, None] @ self.own)[:, :, 0]
        characters = self.shared(slots) + own + self.own_bias
        return characters, self.layout(whole), self._sureness(whole, slots, characters)

    def _sureness(self, whole: Tensor, slots: Tensor, characters: Tensor) -> Tensor:
        """Learned beside the reading and without disturbing it: whether all seven characters are right."""
        best = characters.detach().softmax(-1).topk(2, -1).values
        spread = slots.detach().std(-1)
        return self.sure(torch.cat([whole.detach(), best[..., 0], best[..., 1], spread], -1))[:, 0]


class TaughtReader(nn.Module):
    """The reader and a larger one that sees the same views: half of what the reader learns is what its teacher doubts."""

    def __init__(self) -> None:
        super().__init__()
        self.pupil, self.teacher = Reader(), Reader(later=Residual)

    def forward(self, view: Tensor) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
        return self.pupil(view), self.teacher(view)


class Refiner(nn.Module):
    """A view round roughly known corners → the four corners in that view, each axis 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            conv(1, 16, 5, 2), conv(16, 32, 3, 2), Residual(32), conv(32, 48, 3, 2), Residual(48), conv(48, 24, 1)
        )
        cells = REFINER_VIEW.width * REFINER_VIEW.height // 64
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(24 * cells, 96), nn.ReLU(True), nn.Linear(96, 8))

    def forward(self, view: Tensor) -> Tensor:
        return self.head(self.trunk(normalise(view))).reshape(-1, 4, 2)


DETECTOR_STRIDE = 8
CORNER_UNIT = 32.0


class Detector(nn.Module):
    """A whole picture → per 8×8 cell: plate logit, eight corner offsets (in 32 px), two-rows logit.

    A stem of stride 4, then separable blocks: a quarter of the time of full convolutions, which a larger look at large frames is worth more.
    Plates are told from lettering by what is around them, so most blocks look from strides 16 and 32.
    """

    def __init__(self, channels: tuple[int, int, int, int] = (32, 40, 80, 128), blocks: tuple[int, int, int] = (1, 3, 4)) -> None:
        super().__init__()
        a, c, d, e = channels
        at8, at16, at32 = blocks
        self.eighth = nn.Sequential(conv(1, a, 5, 4), smaller(a, c), *(Separable(c) for _ in range(at8)))
        self.sixteenth = nn.Sequential(smaller(c, d), *(Separable(d) for _ in range(at16)))
        self.thirtysecond = nn.Sequential(smaller(d, e), *(Separable(e) for _ in range(at32)))
        self.down32, self.mix16 = nn.Conv2d(e, d, 1), Separable(d)
        self.down16, self.mix8 = nn.Conv2d(d, c, 1), Separable(c)
        self.out = nn.Conv2d(c, 10, 1)
        # Plates are rare: without this the first steps teach nothing but that.
        with torch.no_grad():
            self.out.bias[0] = -4.0

    def forward(self, luma: Tensor) -> Tensor:
        p8 = self.eighth(luma / 128 - 1)
        p16 = self.sixteenth(p8)
        p32 = self.thirtysecond(p16)
        p16 = self.mix16(p16 + F.interpolate(self.down32(p32), scale_factor=2.0, mode="nearest"))
        p8 = self.mix8(p8 + F.interpolate(self.down16(p16), scale_factor=2.0, mode="nearest"))
        return self.out(p8)


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())
