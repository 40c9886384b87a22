from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from gtplates.pictures import Labelled, Picture
from gtplates.plate_bank import HELD_OUT, OTHER, PLATE, _open
from gtplates.seats import pack

# As the commands do: one core's sums have one order, and small batches are quicker for it.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of plates with a bright right half, and (below `reader`) one made-up picture with one plate in it."""
    folder = tmp_path_factory.mktemp("world")
    disk = _open(folder, HELD_OUT + 64)
    disk["flat"][:, :, :160], disk["flat"][:, :, 160:] = 30, 220
    disk["aspect"][:], disk["labels"][:, 10] = 3.08, PLATE
    disk["labels"][::16, 10] = OTHER
    picture = folder / "car.png"
    cv2.imwrite(str(picture), np.full((300, 500), 128, np.uint8))
    corners = np.float32([[150, 100], [330, 100], [330, 160], [150, 160]])
    plates = [Labelled((150, 100, 180, 60), "ABC1D23", "mercosul", "ok", corners), Labelled((150, 100, 180, 60), None, None, "", corners)]
    pack([Picture(name, picture, plates) for name in ("barra-do-pirai", "robertlucian")], [np.full((300, 400), 90, np.uint8)], folder / "reader")
    return folder
