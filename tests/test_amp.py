"""autocast and GradScaler against PyTorch: result dtypes of all listed functions, gradients."""

from __future__ import annotations

import threading
import types
import warnings

import numpy as np
import numtorch
import pytest
from numtorch.amp import _policy

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

BOTH = (numtorch, torch)


def cases(t, slow: bool = False) -> dict:
    """name -> a call: f(float32 [4, 4], the same in the low dtype); `slow`: with many kernels too."""
    F, L = t.nn.functional, t.linalg
    index, ones = t.tensor([0, 1, 2, 3]), t.ones(4, 4)
    cube, line = t.ones(4, 4, 4), t.ones(1, 2, 4)
    image, kernel = t.ones(1, 2, 4, 4), t.ones(2, 2, 3, 3)
    volume = t.ones(1, 1, 4, 4, 4)
    posdef = t.eye(4) * 3 + 0.5
    low = {
        "mm": lambda x, h: t.mm(x, x), "x.mm": lambda x, h: x.mm(h),
        "matmul": lambda x, h: t.matmul(x, x), "@": lambda x, h: x @ h,
        "bmm": lambda x, h: t.bmm(cube, cube), "addmm": lambda x, h: t.addmm(x, x, h),
        "baddbmm": lambda x, h: t.baddbmm(x, cube, cube), "addbmm": lambda x, h: t.addbmm(x, cube, cube),
        "linear": lambda x, h: F.linear(x, ones, x[0]),
        "vecdot": lambda x, h: L.vecdot(x, x), "multi_dot": lambda x, h: L.multi_dot([x, x, x]),
        "chain": lambda x, h: t.chain_matmul(x, x, x), "tensordot": lambda x, h: t.tensordot(x, x, 1),
        "inner": lambda x, h: t.inner(x, x), "power": lambda x, h: t.matrix_power(x, 3),
        "conv1d": lambda x, h: F.conv1d(line, t.ones(2, 2, 3)),
        "conv2d": lambda x, h: F.conv2d(image, kernel), "same": lambda x, h: F.conv2d(image, kernel, padding="same"),
        "conv3d": lambda x, h: F.conv3d(volume, t.ones(1, 1, 2, 2, 2)),
        "transpose1d": lambda x, h: F.conv_transpose1d(line, t.ones(2, 2, 3)),
        "transpose2d": lambda x, h: F.conv_transpose2d(image, kernel),
        "transpose3d": lambda x, h: F.conv_transpose3d(volume, t.ones(1, 1, 2, 2, 2)),
        "tbc": lambda x, h: t.conv_tbc(t.ones(5, 4, 3), t.ones(2, 3, 2), t.ones(2), 0),
        "prelu": lambda x, h: F.prelu(x, x[0, :1]), "einsum": lambda x, h: t.einsum("ij,jk->ik", x, x),
        "attention": lambda x, h: F.scaled_dot_product_attention(cube, cube, cube),


        "half product": lambda x, h: t.mm(x.half(), x.half()),
    }  # fmt: skip
    wide = {
        "prod": lambda x, h: h.prod(), "prod dim": lambda x, h: t.prod(h, 0),
        "trace": lambda x, h: t.trace(h), "quantile": lambda x, h: t.quantile(h, 0.5),
         "cdist": lambda x, h: t.cdist(h, h),
        "polar": lambda x, h: t.polar(h, h), "complex": lambda x, h: t.view_as_complex(h[:, :2].contiguous()),
        "fft": lambda x, h: t.fft.fft(h), "fftn": lambda x, h: t.fft.fftn(h),
        "rfft": lambda x, h: t.fft.rfft(h), "irfft": lambda x, h: t.fft.irfft(h.float().to(t.complex64)),
        "stft": lambda x, h: t.stft(h.reshape(-1), 8, return_complex=True),
        "inverse": lambda x, h: t.inverse(posdef.to(h.dtype)), "inv": lambda x, h: L.inv(posdef.to(h.dtype)),
        "inv_ex": lambda x, h: L.inv_ex(posdef.to(h.dtype))[0], "pinverse": lambda x, h: t.pinverse(h),
        "cholesky": lambda x, h: L.cholesky(posdef.to(h.dtype)), "t.cholesky": lambda x, h: t.cholesky(posdef.to(h.dtype)),
        "cholesky_ex": lambda x, h: L.cholesky_ex(posdef.to(h.dtype))[0],
        "cholesky_inverse": lambda x, h: t.cholesky_inverse(posdef.to(h.dtype)),
        "cholesky_solve": lambda x, h: t.cholesky_solve(h, posdef.to(h.dtype)),
        "solve": lambda x, h: L.solve(posdef.to(h.dtype), h), "lstsq": lambda x, h: L.lstsq(posdef.to(h.dtype), h)[0],
        "triangular": lambda x, h: t.triangular_solve(h, posdef.to(h.dtype))[0],
        "qr": lambda x, h: L.qr(h)[0], "t.qr": lambda x, h: t.qr(h)[0], "geqrf": lambda x, h: t.geqrf(h)[0],
        "svd": lambda x, h: L.svd(h)[0], "t.svd": lambda x, h: t.svd(h)[0], "svdvals": lambda x, h: L.svdvals(h),
        "eigh": lambda x, h: L.eigh(posdef.to(h.dtype))[0], "eigvalsh": lambda x, h: L.eigvalsh(posdef.to(h.dtype)),
        "eig": lambda x, h: L.eig(posdef.to(h.dtype))[0], "eigvals": lambda x, h: L.eigvals(posdef.to(h.dtype)),
        "cond": lambda x, h: L.cond(posdef.to(h.dtype)), "rank": lambda x, h: L.matrix_rank(h),

        "orgqr": lambda x, h: t.orgqr(h, h[0]), "householder": lambda x, h: L.householder_product(h, h[0]),
        "tensorinv": lambda x, h: L.tensorinv(posdef.to(h.dtype), 1),
        "tensorsolve": lambda x, h: L.tensorsolve(posdef.to(h.dtype), h[0]),
        "avg_pool3d": lambda x, h: F.avg_pool3d(volume.to(h.dtype), 2), "max_pool3d": lambda x, h: F.max_pool3d(volume.to(h.dtype), 2),
        "adaptive_avg": lambda x, h: F.adaptive_avg_pool3d(volume.to(h.dtype), 2),
        "adaptive_max": lambda x, h: F.adaptive_max_pool3d(volume.to(h.dtype), 2),
        "fractional": lambda x, h: F.fractional_max_pool2d(image.to(h.dtype), 2, output_size=2),
        "unpool": lambda x, h: F.max_unpool2d(image.to(h.dtype)[:, :, :1, :1], t.zeros(1, 2, 1, 1, dtype=t.int64), 2),
        "grid": lambda x, h: F.grid_sample(image.to(h.dtype), t.zeros(1, 2, 2, 2).to(h.dtype)),
        "reflect": lambda x, h: F.pad(line.to(h.dtype), (1, 1), mode="reflect"),
        "replicate": lambda x, h: F.pad(image.to(h.dtype), (1, 1, 1, 1), mode="replicate"),
        "mse": lambda x, h: F.mse_loss(h, h), "l1": lambda x, h: F.l1_loss(h, h), "huber": lambda x, h: F.huber_loss(h, h),
        "smooth": lambda x, h: F.smooth_l1_loss(h, h), "cross": lambda x, h: F.cross_entropy(h, index),
        "nll": lambda x, h: F.nll_loss(h, index), "kl": lambda x, h: F.kl_div(h, h, reduction="sum"),

        "bce logits": lambda x, h: F.binary_cross_entropy_with_logits(h, h.sigmoid()),
        "soft margin": lambda x, h: F.soft_margin_loss(h, ones), "poisson": lambda x, h: F.poisson_nll_loss(h, h),
        "hinge": lambda x, h: F.hinge_embedding_loss(h, ones), "multi margin": lambda x, h: F.multi_margin_loss(h, index),
        "multilabel": lambda x, h: F.multilabel_margin_loss(h, t.ones(4, 4, dtype=t.int64)),
        "ranking": lambda x, h: F.margin_ranking_loss(h, h, ones), "cosine": lambda x, h: F.cosine_embedding_loss(h, h, ones[0]),
        "triplet": lambda x, h: F.triplet_margin_loss(h, h, h),

    }  # fmt: skip
    others = {
        "cat": lambda x, h: t.cat([x, h]), "cat low": lambda x, h: t.cat([h, h]), "stack": lambda x, h: t.stack([h, x]),
        "cat int": lambda x, h: t.cat([x.int(), x.int()]), "cat double": lambda x, h: t.cat([x.double(), h]),
        "concat": lambda x, h: t.concat([x, h]), "index_copy": lambda x, h: x.index_copy(0, index, h),
        "add": lambda x, h: x + h, "sum": lambda x, h: h.sum(), "softmax": lambda x, h: h.softmax(-1),
        "mv": lambda x, h: t.mv(x, x[0]), "dot": lambda x, h: t.dot(x[0], x[0]), "outer": lambda x, h: t.outer(x[0], x[0]),
        "inner vectors": lambda x, h: t.inner(x[0], x[0]), "tensordot all": lambda x, h: t.tensordot(x, x, 2),
        "einsum turn": lambda x, h: t.einsum("ij->ji", x), "einsum product": lambda x, h: t.einsum("ij,ij->ij", x, x),
        "double": lambda x, h: t.mm(x.double(), x.double()), "out": lambda x, h: t.mm(x, x, out=t.zeros(4, 4)),
        "in place": lambda x, h: t.zeros(4, 4).addmm_(x, x), "norm": lambda x, h: h.norm(), "gelu": lambda x, h: F.gelu(h),
        "layer norm": lambda x, h: t.nn.LayerNorm(4)(h), "batch norm": lambda x, h: t.nn.BatchNorm1d(4)(h),
        "group norm": lambda x, h: t.nn.GroupNorm(2, 4)(h), "instance norm": lambda x, h: t.nn.InstanceNorm1d(2, affine=True)(line.to(h.dtype)),
        "constant pad": lambda x, h: F.pad(h, (1, 1)), "max_pool2d": lambda x, h: F.max_pool2d(image.to(h.dtype), 2),


    }  # fmt: skip
    modules = {
        "rnn": lambda x, h: t.nn.RNN(4, 3)(cube)[0],
        "gru": lambda x, h: t.nn.GRU(4, 3)(cube)[0],
        "nanquantile": lambda x, h: h.nanquantile(0.5),
        "lu": lambda x, h: t.lu(posdef.to(h.dtype))[0],
        "bce": lambda x, h: F.binary_cross_entropy(h.sigmoid(), h.sigmoid()),
        "Linear": lambda x, h: t.nn.Linear(4, 2)(x),
        "mha": lambda x, h: t.nn.MultiheadAttention(4, 2)(x, x, x)[0],
        "cell": lambda x, h: t.nn.RNNCell(4, 3)(x),
        "gru cell": lambda x, h: t.nn.GRUCell(4, 3)(x),
        "lstm cell": lambda x, h: t.nn.LSTMCell(4, 3)(x)[0],
        "bilinear": lambda x, h: t.nn.Bilinear(4, 4, 2)(x, x),
        "ctc": lambda x, h: F.ctc_loss(h[:, None].log_softmax(-1), t.tensor([[1, 2]]), (4,), (2,)),
    }  # fmt: skip
    return {**low, **wide, **others, **(modules if slow else {})}


def result(t, call, dtype: str) -> str:
    with t.autocast("cpu", dtype=getattr(t, dtype)):
        x = t.tensor(np.linspace(0.1, 0.9, 16).reshape(4, 4).tolist())
        try:
            return str(call(x, x.to(getattr(t, dtype))).dtype)
        except RuntimeError as e:
            return type(e).__name__


def differences(dtype: str, slow: bool = False, step: int = 1) -> dict:
    """name -> (our dtype, PyTorch's) where they differ."""
    ours, theirs = cases(numtorch, slow), cases(torch, slow)
    assert len(ours) > 115
    wrong = {}
    for name in list(ours)[::step]:
        a, b = result(numtorch, ours[name], dtype), result(torch, theirs[name], dtype)
        if a != b:
            wrong[name] = (a, b)
    return wrong


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_result_dtypes_are_torchs(dtype):
    assert differences(dtype, False, 1 if dtype == "bfloat16" else 6) == {}


def test_every_listed_function_is_redirected():
    with numtorch.autocast("cpu"):
        pass
    count = 0
    for name, (_, functions) in _policy.listed().items():
        if name not in ("_addmm_activation", "fake_quantize_per_tensor_affine", "grid_sampler"):
            assert functions, name
        for f in functions:
            assert isinstance(f.__wrapped__, types.FunctionType)
            count += 1
    assert count > 120


def _network(t):
    net = t.nn.Sequential(t.nn.Linear(8, 16), t.nn.LayerNorm(16), t.nn.GELU(), t.nn.Linear(16, 4))
    r = np.random.default_rng(0)
    with t.no_grad():
        for p in net.parameters():
            p.copy_(t.tensor(r.normal(size=tuple(p.shape)).tolist()))
    return net, t.tensor(r.normal(size=(6, 8)).tolist()), t.tensor([0, 1, 2, 3, 0, 1])


def test_training_step():
    grads = []
    for t in BOTH:
        net, x, y = _network(t)
        for _ in range(2):  # accumulated; the casts of the parameters are shared
            with t.autocast("cpu", dtype=t.bfloat16):
                out = net(x)
                loss = t.nn.functional.cross_entropy(out, y) / 2
            loss.backward()
        assert out.dtype == t.bfloat16 and loss.dtype == t.float32
        assert all(p.grad.dtype == t.float32 for p in net.parameters())
        grads.append([np.array(p.grad.tolist()) for p in net.parameters()])
    for a, b in zip(*grads):
        np.testing.assert_allclose(a, b, 0.02, 0.02)


def test_blocks_nest_and_end():
    x = numtorch.ones(2, 2)
    assert not numtorch.is_autocast_enabled("cpu") and (x @ x).dtype is numtorch.float32
    with numtorch.autocast("cpu"):
        assert numtorch.is_autocast_enabled("cpu") and not numtorch.is_autocast_enabled()
        with numtorch.autocast("cpu", enabled=False):
            assert (x @ x).dtype is numtorch.float32
        with pytest.raises(ZeroDivisionError), numtorch.autocast("cpu", dtype=numtorch.float16):
            assert (x @ x).dtype is numtorch.get_autocast_dtype("cpu") is numtorch.float16
            raise ZeroDivisionError
        seen = []
        thread = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        thread.start()
        thread.join()
        assert (x @ x).dtype is numtorch.bfloat16 and seen == [numtorch.float32]
    assert (x @ x).dtype is numtorch.float32

    @numtorch.autocast("cpu")
    def product(a):
        return a @ a

    assert product(x).dtype is numtorch.bfloat16 and product.__name__ == "product"
    numtorch.set_autocast_enabled("cpu", True)
    assert (x @ x).dtype is numtorch.bfloat16
    numtorch.set_autocast_enabled("cpu", False)
    assert numtorch.autocast_increment_nesting() == 1
    assert numtorch.autocast_decrement_nesting() == 0


def test_parameters_are_cast_once_and_after_every_step():
    layer = numtorch.nn.Linear(2, 1, bias=False)
    optimizer = numtorch.optim.SGD(layer.parameters(), lr=1.0)
    with numtorch.no_grad():
        layer.weight.fill_(1.0)
    with numtorch.autocast("cpu"):
        for _ in range(3):
            optimizer.zero_grad()
            layer(numtorch.ones(1, 2)).sum().backward()
            layer.weight.grad.add_(0)
            optimizer.step()
        assert layer(numtorch.ones(1, 2)).item() == 2 * layer.weight[0, 0].item() == -4
        casts = [_policy.to_lower(layer.weight) for _ in range(2)]
        assert casts[0] is casts[1]
    with numtorch.autocast("cpu", cache_enabled=False):
        assert _policy.to_lower(layer.weight) is not _policy.to_lower(layer.weight)


def test_checkpoint_recomputes_in_the_same_precision():
    from numtorch.utils.checkpoint import checkpoint

    layer = numtorch.nn.Linear(4, 4)
    for reentrant in (True, False):
        x = numtorch.ones(2, 4, requires_grad=True)
        with numtorch.autocast("cpu"):
            y = checkpoint(layer, x, use_reentrant=reentrant)
        assert y.dtype is numtorch.bfloat16
        y.float().sum().backward()
        want = layer.weight.detach().bfloat16().float().sum(0)
        assert x.grad.dtype is numtorch.float32
        np.testing.assert_allclose(x.grad[0].tolist(), want.tolist(), 0.02, 0.02)


def test_custom_functions_remember_autocast():
    seen = []

    class Product(numtorch.autograd.Function):
        @staticmethod
        @numtorch.amp.custom_fwd(device_type="cpu")
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return (a @ a).float()

        @staticmethod
        @numtorch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            seen.append((a @ a).dtype)
            return g

    class Wide(numtorch.autograd.Function):
        @staticmethod
        @numtorch.amp.custom_fwd(device_type="cpu", cast_inputs=numtorch.float32)
        def forward(ctx, a):
            seen.append((a @ a).dtype)
            return a

        @staticmethod
        @numtorch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            return g

    x = numtorch.ones(2, 2, requires_grad=True)
    with numtorch.autocast("cpu"):
        y = Product.apply(x)
        Wide.apply(x.detach().bfloat16())
    y.sum().backward()
    Product.apply(x).sum().backward()
    assert seen == [numtorch.float32, numtorch.bfloat16, numtorch.float32]


def _said(f) -> list:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            f()
        except Exception as e:
            return [type(e).__name__, str(e)]
    return [(w.category.__name__, str(w.message)) for w in found]


@pytest.mark.parametrize("call", [
    lambda t: t.autocast("cuda"), lambda t: t.autocast("cpu", dtype=t.float32),
    lambda t: t.autocast("venus"), lambda t: t.autocast(3), lambda t: t.autocast("meta"),
    lambda t: t.cuda.amp.autocast(), lambda t: t.cpu.amp.autocast(), lambda t: t.amp.GradScaler(),
    lambda t: t.cuda.amp.GradScaler(), lambda t: t.cpu.amp.GradScaler(),
    lambda t: t.amp.GradScaler("cpu", growth_factor=1.0), lambda t: t.amp.custom_fwd(device_type=3),
    lambda t: t.amp.is_autocast_available("venus"), lambda t: t.amp.GradScaler("cpu").update(),
])  # fmt: skip
def test_warnings_and_errors_are_torchs(call):
    assert _said(lambda: call(numtorch)) == _said(lambda: call(torch))


def _misuse(scaler, optimizer) -> list:
    return [
        _said(lambda: (scaler.unscale_(optimizer), scaler.unscale_(optimizer))),
        _said(lambda: scaler.step(optimizer, closure=lambda: 0)),
        _said(lambda: (scaler.step(optimizer), scaler.step(optimizer))),
        _said(lambda: scaler.unscale_(optimizer)), _said(lambda: scaler.scale(3)),
        _said(lambda: scaler.load_state_dict({})),
    ]  # fmt: skip


def test_grad_scaler():
    """Scales, skips, growth and state: the same numbers as PyTorch's at every step."""
    traces = []
    for t in BOTH:
        w = t.nn.Parameter(t.ones(3))
        optimizer = t.optim.SGD([w], lr=0.1, momentum=0.9)
        scaler = t.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
        trace = []
        for k in range(8):
            optimizer.zero_grad()
            factor = float("inf") if k in (3, 6) else 1.0
            scaler.scale((w * w).sum() * factor).backward()
            if k % 2:
                scaler.unscale_(optimizer)
                trace.append(w.grad.tolist() if factor == 1.0 else "infinite")
            scaler.step(optimizer)
            scaler.update()
            trace.append((scaler.get_scale(), scaler._get_growth_tracker(), w.tolist()))
        traces.append((trace, scaler.state_dict()))
        other = t.amp.GradScaler("cpu")
        other.load_state_dict(scaler.state_dict())
        assert other.state_dict() == scaler.state_dict()
        errors = _misuse(scaler, optimizer)
        scaler.update(4.0)
        pair = scaler.scale([t.ones(1), (t.ones(1) * 2,)])
        traces[-1] += (errors, scaler.get_scale(), [pair[0].tolist(), pair[1][0].tolist()])
    (a, *rest), (b, *other) = traces
    assert [x for x in a if isinstance(x, str)] == [x for x in b if isinstance(x, str)]
    for x, y in zip(a, b):
        if isinstance(x, tuple):
            assert x[:2] == y[:2]
            np.testing.assert_allclose(x[2], y[2], 1e-6)
    assert rest == other


def test_programs_without_autocast_pay_nothing():
    """Until autocast is entered the functions are as they were declared."""
    import subprocess
    import sys

    code = (
        "import numtorch, sys\n"
        "assert 'numtorch.amp._policy' not in sys.modules\n"
        "f = numtorch.nn.functional.linear\n"
        "assert not hasattr(f, '__wrapped__')\n"
        "with numtorch.autocast('cpu'): pass\n"
        "assert f.__wrapped__.__code__ is not f.__code__\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":  # python -m tests.test_amp: all cases in both dtypes
    warnings.simplefilter("ignore")
    for kind in ("bfloat16", "float16"):
        print(kind, len(cases(numtorch, True)), "cases, different:", differences(kind, True))
