"""numtorch.text: tokenizers, vocabularies, word vectors, transforms, readers."""

from __future__ import annotations

import gzip
import struct

import numtorch as torch
import pytest
from numtorch.text import datasets, transforms
from numtorch.text.data import functional
from numtorch.text.data.utils import get_tokenizer, ngrams_iterator
from numtorch.text.vocab import (
    GloVe,
    Vectors,
    Vocab,
    build_vocab_from_iterable,
    load_word2vec_format,
    vocab,
)  # fmt: skip


def test_tokenizers():
    basic = get_tokenizer("basic_english")
    assert basic('He said: "It\'s (not) so!"<br />Why?') == [
        "he", "said", "it", "'", "s", "(", "not", ")", "so", "!", "why", "?",
    ]  # fmt: skip
    assert get_tokenizer(None)("A b.") == ["A", "b."]
    assert get_tokenizer(str.upper)("a") == "A"
    with pytest.raises(ValueError, match="valid choices"):
        get_tokenizer("none")
    with pytest.raises(NotImplementedError, match="pass a function"):
        get_tokenizer("moses")
    assert list(ngrams_iterator(["a", "b", "c"], 3))[3:] == ["a b", "b c", "a b c"]


def test_vocabularies():
    lines = [["b", "a", "c"], ["a", "b", "d"]]
    v = build_vocab_from_iterable(iter(lines), specials=["<unk>", "<pad>"])
    assert v.get_itos() == ["<unk>", "<pad>", "a", "b", "c", "d"]
    assert v(["a", "d"]) == [2, 5] and v["b"] == 3 and "d" in v and len(v) == 6
    with pytest.raises(RuntimeError, match="Token zzz not found and default index is not set"):
        v["zzz"]
    v.set_default_index(v["<unk>"])
    assert v["zzz"] == 0 and v.lookup_tokens([2, 3]) == ["a", "b"]
    v.insert_token("x", 2)
    assert v["x"] == 2 and v["a"] == 3 and v.get_stoi()["d"] == 6
    with pytest.raises(RuntimeError, match="already exists in the Vocab with index: 3"):
        v.append_token("a")
    with pytest.raises(RuntimeError, match="out of bounds for vocab of size 7"):
        v.lookup_token(7)
    assert build_vocab_from_iterable(lines, 2, ["<s>"], special_first=False).get_itos() == [
        "a", "b", "<s>",
    ]  # fmt: skip
    assert len(build_vocab_from_iterable(lines, specials=["<s>"], max_tokens=3)) == 3
    assert vocab({"q": 5, "r": 1}, min_freq=2).get_itos() == ["q"]
    assert Vocab(v).get_itos() == v.get_itos()


LINES = "cat 1 2 3\ndog 4 5 6\nNew York 7 8 9\n"


def test_word_vectors(tmp_path):
    (tmp_path / "v.txt").write_text("3 3\n" + LINES)
    with gzip.open(tmp_path / "v.txt.gz", "wt") as f:
        f.write(LINES)
    for name in ("v.txt", "v.txt.gz"):
        v = Vectors(name, cache=str(tmp_path))
        assert v.itos == ["cat", "dog", "New York"] and v.dim == 3 and len(v) == 3
        assert v["dog"].tolist() == [4, 5, 6] and v["zzz"].tolist() == [0, 0, 0]
        both = v.get_vecs_by_tokens(["CAT", "dog"], lower_case_backup=True)
        assert both.tolist() == [[1, 2, 3], [4, 5, 6]]
        assert v.get_vecs_by_tokens("cat").tolist() == [1, 2, 3]
    assert len(Vectors(str(tmp_path / "v.txt"), max_vectors=2)) == 2
    (tmp_path / "glove.6B.50d.txt").write_text("a " + " ".join(["1"] * 50) + "\n")
    assert GloVe("6B", 50, cache=str(tmp_path))["a"].sum().item() == 50
    with pytest.raises(RuntimeError, match="no vectors found at"):
        Vectors("missing.txt", cache=str(tmp_path))
    (tmp_path / "bad.txt").write_text("a 1 2 3\nb 1 2\n")
    with pytest.raises(RuntimeError, match="2 dimensions, but previously read vectors have 3"):
        Vectors(str(tmp_path / "bad.txt"))


def test_word2vec_binary(tmp_path):
    path = tmp_path / "w.bin"
    data = b"2 2\n" + b"cat " + struct.pack("<2f", 1, 2) + b"\ndog " + struct.pack("<2f", 3, 4)
    path.write_bytes(data)
    v = load_word2vec_format(str(path))
    assert v.itos == ["cat", "dog"] and v["dog"].tolist() == [3, 4]
    path.write_bytes(data[:-3])
    with pytest.raises(RuntimeError, match="truncated: 1 of 2"):
        Vectors(str(path))
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(RuntimeError, match="first line"):
        Vectors(str(path))


def test_transforms(tmp_path):
    v = vocab({"a": 1, "b": 1}, specials=["<pad>", "<bos>", "<eos>"])
    pipe = transforms.Sequential(
        transforms.VocabTransform(v), transforms.Truncate(2), transforms.AddToken(1),
        transforms.AddToken(2, begin=False), transforms.ToTensor(padding_value=0),
    )  # fmt: skip
    assert pipe([["a", "b", "a"], ["b"]]).tolist() == [[1, 3, 4, 2], [1, 4, 2, 0]]
    assert pipe(["a"]).tolist() == [1, 3, 2]
    assert transforms.PadTransform(5, 9)(torch.tensor([1, 2])).tolist() == [1, 2, 9, 9, 9]
    assert transforms.StrToIntTransform()([["1", "2"]]) == [[1, 2]]
    assert transforms.LabelToIndex(["x", "y"])(["y", "x"]) == [1, 0]
    (tmp_path / "labels").write_text("q\np\n")
    assert transforms.LabelToIndex(label_path=str(tmp_path / "labels"), sort_names=True)("q") == 1
    with pytest.raises(ValueError, match="label_names or label_path"):
        transforms.LabelToIndex()


def test_masking_of_tokens():
    torch.manual_seed(0)
    tokens = torch.randint(3, 50, (40, 30))
    tokens[:, 0], tokens[:, -1] = 1, 0
    masked, true, chosen = transforms.MaskTransform(50, 2, 1, 0)(tokens)
    assert not chosen[:, 0].any().item() and not chosen[:, -1].any().item()
    assert torch.equal(masked[~chosen], tokens[~chosen]) and torch.equal(true, tokens[chosen])
    assert 0.1 < chosen.float().mean().item() < 0.2
    assert 0.7 < (masked[chosen] == 2).float().mean().item() < 0.9


def test_readers(tmp_path):
    folder = tmp_path / "datasets" / "AG_NEWS"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text('"3","Title","Text, more"\n"1","A","B"\n')
    train = datasets.AG_NEWS(str(tmp_path), split="train")
    assert list(train) == [(3, "Title Text, more"), (1, "A B")] == list(train)
    assert next(train) == (3, "Title Text, more")
    for kind in ("neg", "pos"):
        inner = tmp_path / "IMDB" / "aclImdb" / "test" / kind
        inner.mkdir(parents=True)
        (inner / "0_1.txt").write_text(kind)
    assert list(datasets.IMDB(str(tmp_path), "test")) == [(1, "neg"), (2, "pos")]
    wiki = tmp_path / "WikiText2" / "wikitext-2"
    wiki.mkdir(parents=True)
    for part in ("train", "valid", "test"):
        (wiki / f"wiki.{part}.tokens").write_text(f" = {part} = \n words \n")
    parts = datasets.WikiText2(str(tmp_path))
    assert [next(iter(p)) for p in parts] == [" = train = \n", " = valid = \n", " = test = \n"]
    with pytest.raises(FileNotFoundError, match="put the extracted files"):
        datasets.DBpedia(str(tmp_path))
    mapped = functional.to_map_style_dataset(train)
    assert len(mapped) == 2 and mapped[1][0] == 1
    ids = functional.numericalize_tokens_from_iterator({"a": 1, "b": 2}, [["a", "b"]], ["b"])
    assert [list(line) for line in ids] == [[1]]
    assert list(functional.custom_replace([(r"S", "s")])(["Sos"])) == ["sos"]
