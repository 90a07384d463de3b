import numpy as np

from training.tokens import TokenStream


def test_a_stream_gives_every_block_once_an_epoch() -> None:
    stream = TokenStream(np.arange(10, 70), seed=0)
    blocks = np.concatenate([stream.next_blocks(2, 6, cls_id=1) for _ in range(6)])
    assert (blocks[:, 0] == 1).all()
    assert sorted(blocks[:, 1:].ravel().tolist()) == list(range(10, 70))
    assert stream.epoch == 0
    stream.next_blocks(1, 6, cls_id=1)
    assert stream.epoch == 1
