from pathlib import Path

import pytest

from training.corpus import Source, sample_documents


def test_weights_repeat_and_thin_documents(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(f"第{n}篇的正文,内容各不相同,足够长才会去重。" for n in range(100)), encoding="utf-8")
    assert len(list(sample_documents([Source(path, 3)]))) == 300
    assert 20 < len(list(sample_documents([Source(path, 0.5)]))) < 80
    assert len(list(sample_documents([Source(path), Source(path)]))) == 100


@pytest.mark.parametrize("argument", ["/no/such/folder", "{}=x", "{}=0"])
def test_a_bad_corpus_argument_is_named(tmp_path: Path, argument: str) -> None:
    with pytest.raises(ValueError, match="corpus"):
        Source.parse(argument.format(tmp_path))
