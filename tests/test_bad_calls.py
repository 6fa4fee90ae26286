"""Wrong calls of layers and losses: PyTorch's exception types and texts."""

import warnings

import numtorch
import pytest
from helpers import check_error, outcome

torch = pytest.importorskip("torch")

# x is [3, 4], x3 [2, 3, 4], x4 [2, 3, 4, 4].
CALLS = """
nn.Linear(4.0, 2)
nn.Bilinear(0, 2, 3)
nn.Unflatten(1, 5)
nn.Conv2d(3, 4, 3.5)
nn.Conv2d(3, 4, 3)(x4.double())
nn.ConvTranspose2d(3, 4, 3)(x4, output_size=(3, 3))
nn.ConvTranspose2d(3, 4, 3, output_padding=3)(x4)
nn.AvgPool2d(2)(x)
nn.FractionalMaxPool2d(3, output_size=9)(x4)
nn.MaxUnpool2d(2)(x4, x4)
nn.MaxUnpool2d(2)(x4, x4.long(), output_size=(100, 100))
nn.MaxUnpool1d(2)(x3, x3.long(), output_size=(1, 2, 3, 4, 5))
nn.BatchNorm2d(3)(x4.double())
nn.LayerNorm(4)(x.double())
nn.GroupNorm(3, 3)(torch.ones(1, 3))
nn.RMSNorm(5)(x)
nn.EmbeddingBag(3, 4, mode="foo")(torch.tensor([[1]]))
nn.CosineSimilarity()(x, torch.ones(3, 5))
nn.MSELoss()(x, torch.ones(5, 3))
nn.Upsample(size=(4, 4, 4))(x4)
nn.Upsample(size=4, mode="linear")(x4)
nn.Upsample(size=4, mode="foo")(x4)
nn.Upsample(size=0)(x4)
nn.Unfold(5)(x4)
nn.Unfold(0)(x4)
nn.ReflectionPad1d(2)(x4)
nn.Hardtanh(2, 1)
nn.GLU()(torch.ones(()))
nn.MultiheadAttention(4, 2)(x3, x3, x)
nn.MultiheadAttention(4, 2)(x3, x3[:1], x3)
nn.MultiheadAttention(4, 2)(x3, x3, x3, key_padding_mask=torch.ones(2, 2))
nn.RNN(4, 4, proj_size=2)
nn.RNNBase("foo", 3, 4)
nn.RNN(4, 4)(torch.ones(1))
nn.LSTM(4, 4)(x3, torch.ones(1, 3, 4))
nn.LSTM(4, 4)(x3, (torch.ones(1, 3, 4), torch.ones(1, 3, 5)))
nn.LSTMCell(4, 4)(x, torch.ones(3, 4))
nn.LazyLinear(3).share_memory()
nn.BCELoss()(x / 9, torch.ones(3, 4) * 3)
nn.BCELoss()(x / 9, torch.ones(3, 4).long())
nn.BCELoss(weight=torch.ones(7))(x / 9, torch.ones(3, 4))
nn.CTCLoss()(x3, torch.ones(3, 2).long(), torch.tensor([2.0] * 3), torch.tensor([1, 1, 1]))
nn.CTCLoss()(x3, torch.ones(5).long(), (2, 2, 2), (2, 2, 2))
nn.CTCLoss()(x3, torch.ones(3, 2).long(), (2, 2, 9), (1, 1, 1))
nn.functional.pad(x, (1, 1), "reflect", 1.0)
nn.functional.grid_sample(x4, torch.ones(1, 3, 3, 2))
nn.functional.affine_grid(torch.ones(2, 2, 3), (2, 3, 4))
nn.functional.scaled_dot_product_attention(x3, x3, x3, attn_mask=torch.ones(3, 3).long())
nn.functional.scaled_dot_product_attention(x4, x4[:, :2], x4[:, :2], enable_gqa=True)
nn.functional.batch_norm(x, None, None)
nn.functional.nll_loss(x, torch.tensor([1]), weight=[1.0])
nn.functional.elu(x, "a")
nn.init.normal_(torch.ones(3).long())
nn.init.normal_(torch.ones(3), 0.0, -1.0)
nn.init.uniform_(torch.ones(3), 2.0, 1.0)
nn.Linear(2, 2).register_buffer("weight", None)
nn.Linear(2, 2).get_submodule("weight")
nn.Linear(2, 2).get_buffer("weight")
nn.ModuleDict([1])
torch.func.functional_call(nn.Linear(2, 2), {"q": x}, (x,), strict=True)
"""


def _call(t, text: str):
    x3 = t.arange(24.0).reshape(2, 3, 4) / 7
    names = {"torch": t, "nn": t.nn, "x": t.arange(12.0).reshape(3, 4) / 7, "x3": x3}
    return outcome(lambda: eval(text, {**names, "x4": t.arange(96.0).reshape(2, 3, 4, 4) / 7}))


@pytest.mark.parametrize("text", CALLS.strip().splitlines())
@pytest.mark.filterwarnings("ignore")
def test_calls(text):
    check_error(_call(numtorch, text), _call(torch, text), text)


def test_indices_out_of_range():
    """Checked when the kernel runs; a negative index of a table counts from nowhere."""
    nn = numtorch.nn
    with pytest.raises(IndexError, match="index out of range in self"):
        nn.Embedding(3, 4)(numtorch.tensor([-1])).sum().item()
    with pytest.raises(RuntimeError, match="Found an invalid max index: 70 .*8x8"):
        nn.MaxUnpool2d(2)(numtorch.ones(1, 1, 4, 4), numtorch.full((1, 1, 4, 4), 70)).tolist()
    with pytest.raises(RuntimeError, match="target out of range"):
        nn.MultiMarginLoss()(numtorch.ones(3, 4), numtorch.tensor([0, 1, 9])).item()


def test_much_output_padding():
    """The gradient where output_padding makes room for more windows than there were."""
    grads = []
    for t in (numtorch, torch):
        x = (t.arange(32.0).reshape(1, 2, 4, 4) / 9).requires_grad_()
        w = (t.arange(40.0).reshape(2, 1, 4, 5) / 9).requires_grad_()
        out = t.nn.functional.conv_transpose2d(
            x, w, None, (3, 2), (1, 2), (2, 3), groups=2, dilation=(4, 4)
        )
        out.sin().sum().backward()
        grads.append([x.grad.numpy(), w.grad.numpy()])
    for ours, theirs in zip(*grads):
        assert abs(ours - theirs).max() < 1e-3


def test_where_dims_broadcast():
    """cosine_similarity along a dim that broadcasts; circular padding of what is cut."""
    found = []
    for t in (numtorch, torch):
        a, b = t.arange(6.0).reshape(1, 2, 3) + 1, t.arange(6.0).reshape(2, 1, 3) - 2
        cosine = t.nn.functional.cosine_similarity(a, b, dim=-2)
        image = t.arange(12.0).reshape(1, 3, 4)
        found.append((cosine.numpy(), t.nn.functional.pad(image, (-1, 1), "circular").numpy()))
    for ours, theirs in zip(*found):
        assert ours.shape == theirs.shape and abs(ours - theirs).max() < 1e-6


def test_ragged_batches():
    """In evaluation PyTorch's encoder leaves out what is padding: it comes out as 0."""
    found = []
    for t in (numtorch, torch):
        t.manual_seed(0)
        layer = t.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        for p in layer.parameters():
            p.data = (t.arange(float(p.numel())).reshape(p.shape) % 5 - 2) / 4
        net = t.nn.TransformerEncoder(layer, 2).eval()
        mask = t.tensor([[False, False, True], [False, False, False]])
        with t.no_grad(), warnings.catch_warnings():
            x = t.arange(24.0).reshape(2, 3, 4) / 10
            warnings.simplefilter("ignore")  # that nested tensors are new
            found.append(net(x, src_key_padding_mask=mask).numpy())
    assert abs(found[0] - found[1]).max() < 1e-5
