"""Files verified block by block: nothing is used unverified, and only what is used is read."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.index.compact.blocks import BLOCK_BYTES, SUM_BYTES, VerifiedFile, block_sums
from reidsearch.index.contract import IndexDamaged

DATA = np.random.default_rng(0).bytes(3 * BLOCK_BYTES + 10)


def made(tmp_path, data=DATA):
    (tmp_path / "file").write_bytes(data)
    return VerifiedFile(tmp_path / "file", len(data), block_sums(data))


def at(*offsets):
    return np.array(offsets, dtype=np.int64)


def test_a_whole_file_is_verified(tmp_path):
    file = made(tmp_path)
    file.verify(at(0, BLOCK_BYTES - 1, 3 * BLOCK_BYTES + 5), 5)
    file.verify_all()
    assert len(block_sums(DATA)) == 4 * SUM_BYTES


@pytest.mark.parametrize("position", [0, 4095, 4096, 3 * 4096 + 9])
def test_a_changed_byte_is_noticed_when_its_block_is_used_and_not_before(tmp_path, position):
    file = made(tmp_path)
    changed = bytearray(DATA)
    changed[position] ^= 1
    (tmp_path / "file").write_bytes(changed)
    block = position // BLOCK_BYTES
    others = [n * BLOCK_BYTES for n in range(4) if n != block]
    file.verify(at(*others), 1)
    with pytest.raises(IndexDamaged, match="altered"):
        file.verify(at(block * BLOCK_BYTES), 1)
    with pytest.raises(IndexDamaged, match="altered"):
        file.verify_all()


def test_a_stretch_over_two_blocks_needs_both(tmp_path):
    changed = bytearray(DATA)
    changed[BLOCK_BYTES + 7] ^= 1
    (tmp_path / "file").write_bytes(changed)
    file = VerifiedFile(tmp_path / "file", len(DATA), block_sums(DATA))
    file.verify(at(BLOCK_BYTES - 10), 10)
    with pytest.raises(IndexDamaged):
        file.verify(at(BLOCK_BYTES - 10), 11)


def test_what_is_proven_is_not_read_again_and_survives_the_name(tmp_path):
    file = made(tmp_path)
    (tmp_path / "file").unlink()
    file.verify_all()
    file.verify(at(0), 10)


@pytest.mark.parametrize("size", [0, 1, len(DATA) - 1, len(DATA) + 1])
def test_another_size_is_refused(tmp_path, size):
    (tmp_path / "file").write_bytes(DATA)
    with pytest.raises(IndexDamaged, match="expected"):
        VerifiedFile(tmp_path / "file", size, block_sums(DATA[:size]))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(IndexDamaged, match="missing"):
        VerifiedFile(tmp_path / "none", 10, block_sums(DATA[:10]))
