"""Models and box operations: names and shapes of parameters, values against torch."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from numtorch.vision import models as M
from numtorch.vision import ops
from numtorch.vision.models.resnet import BasicBlock
from numtorch.vision.models.vision_transformer import interpolate_embeddings


def number_of_parameters(model) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", [
    "alexnet", "resnet18", "resnext50_32x4d", "wide_resnet50_2", "squeezenet1_0", "squeezenet1_1",
    "densenet121", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0",
    "efficientnet_v2_s", "convnext_tiny", "shufflenet_v2_x0_5", "mnasnet0_5", "vit_b_16",
])  # fmt: skip
def test_the_number_of_parameters_is_the_published_one(name):
    model = M.get_model(name)
    weights = M.get_model_weights(name).DEFAULT
    assert number_of_parameters(model) == weights.meta["num_params"]
    assert weights.url.startswith("https://download.pytorch.org/models/")


def test_resnet_names():
    state = M.resnet18(num_classes=10).state_dict()
    names = list(state)
    assert len(names) == 122 and names[:2] == ["conv1.weight", "bn1.weight"]
    assert names[-2:] == ["fc.weight", "fc.bias"]
    assert tuple(state["layer2.0.downsample.0.weight"].shape) == (128, 64, 1, 1)
    assert tuple(state["fc.weight"].shape) == (10, 512)


class Reference(torch.nn.Module):
    """The first stage of a ResNet in torch's own layers."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(64)
        block = torch.nn.Module()
        block.conv1 = torch.nn.Conv2d(64, 64, 3, 1, 1, bias=False)
        block.bn1 = torch.nn.BatchNorm2d(64)
        block.conv2 = torch.nn.Conv2d(64, 64, 3, 1, 1, bias=False)
        block.bn2 = torch.nn.BatchNorm2d(64)
        self.layer1 = torch.nn.Sequential(block)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        b = self.layer1[0]
        return (b.bn2(b.conv2(b.bn1(b.conv1(x)).relu())) + x).relu()


def test_resnet_values():
    ours, theirs = M.ResNet(BasicBlock, [1, 1, 1, 1], num_classes=3), Reference()
    state = {k: nt.from_numpy(v.detach().numpy()) for k, v in theirs.state_dict().items()}
    ours.load_state_dict(state, strict=False)
    ours.eval()
    theirs.eval()
    x = torch.randn(2, 3, 32, 32)
    y = nt.from_numpy(x.numpy())
    with nt.no_grad():
        got = ours.layer1(ours.maxpool(ours.relu(ours.bn1(ours.conv1(y)))))
        assert ours(y).shape == (2, 3)
    np.testing.assert_allclose(got.numpy(), theirs(x).detach().numpy(), atol=1e-5)


def test_a_model_trains():
    nt.manual_seed(0)
    model = M.LeNet(2)
    x, y = nt.zeros(8, 1, 28, 28), nt.arange(8) % 2
    x[1::2, :, 5:20, 5:20] = 1
    opt = nt.optim.Adam(model.parameters(), 1e-2)
    for _ in range(12):
        opt.zero_grad()
        loss = nt.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
    assert loss.item() < 0.1
    assert M.UNet(1, 2, width=4, depth=2)(nt.zeros(1, 1, 9, 12)).shape == (1, 2, 9, 12)


def test_vit_shapes():
    model = M.VisionTransformer(8, 4, 1, 2, 8, 16, num_classes=3)
    assert model(nt.rand(2, 3, 8, 8)).shape == (2, 3)
    assert model.encoder.pos_embedding.shape == (1, 5, 8)
    with pytest.raises(AssertionError, match="Wrong image height! Expected 8 but got 4!"):
        model(nt.rand(2, 3, 4, 4))
    old = {k.replace("mlp.0", "mlp.linear_1").replace("mlp.3", "mlp.linear_2"): v
           for k, v in model.state_dict().items()}  # fmt: skip
    assert any("linear_1" in k for k in old)
    model.load_state_dict(old)
    state = interpolate_embeddings(16, 4, model.state_dict())
    assert state["encoder.pos_embedding"].shape == (1, 17, 8)


def test_weights(monkeypatch):
    w = M.ResNet50_Weights
    assert w.DEFAULT is w.IMAGENET1K_V2 and repr(w.DEFAULT) == "ResNet50_Weights.IMAGENET1K_V2"
    assert w.verify("IMAGENET1K_V1") is w.IMAGENET1K_V1 and w.verify(None) is None
    assert len(w.DEFAULT.meta["categories"]) == 1000
    assert w.DEFAULT.meta["categories"][1] == "goldfish"
    preset = w.DEFAULT.transforms()
    assert preset.resize_size == [232] and "crop_size=[224]" in repr(preset)
    assert M.get_weight("ResNet50_Weights.IMAGENET1K_V1") is w.IMAGENET1K_V1
    with pytest.raises(TypeError, match="Invalid Weight class provided; expected ResNet18_Weig"):
        M.resnet18(weights=w.DEFAULT)
    with pytest.raises(ValueError, match="The parameter 'num_classes' expected value 1000 but"):
        M.resnet18(weights="DEFAULT", num_classes=3)
    with pytest.raises(ValueError, match="Unknown model nothing"):
        M.get_model("nothing")
    source = M.squeezenet1_1()
    seen = []

    def load(url, *args, **kwargs):
        seen.append((url, kwargs))
        return source.state_dict()

    monkeypatch.setattr("numtorch.hub.load_state_dict_from_url", load)
    model = M.squeezenet1_1(weights="DEFAULT", progress=False)
    assert seen == [(M.SqueezeNet1_1_Weights.DEFAULT.url, {"progress": False, "check_hash": True})]
    assert (model.features[0].weight == source.features[0].weight).all()
    with pytest.warns(UserWarning, match="'pretrained' is deprecated since 0.13"):
        M.squeezenet1_1(pretrained=True)
    assert len(seen) == 2
    assert {"resnet18", "vgg16_bn", "vit_b_16", "unet"} <= set(M.list_models())
    assert M.list_models(include=["resnet*"], exclude="*5*") == ["resnet101", "resnet18",
                                                                "resnet34"]  # fmt: skip


# ---------------------------------------------------------------- boxes

A = [[0.0, 0, 4, 4], [1, 1, 5, 6], [10, 10, 12, 13], [0, 0, 4, 4.1]]
B = [[0.0, 0, 4, 4], [3, 3, 8, 8]]


def boxes_iou(a, b):
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)]
    return w * h / (sum(areas) - w * h)


def test_boxes():
    a, b = nt.tensor(A), nt.tensor(B)
    want = [[boxes_iou(x, y) for y in B] for x in A]
    np.testing.assert_allclose(ops.box_iou(a, b).numpy(), want, rtol=1e-6)
    for fmt in ("xywh", "cxcywh"):
        there = ops.box_convert(a, "xyxy", fmt)
        np.testing.assert_allclose(ops.box_convert(there, fmt, "xyxy").numpy(), A, rtol=1e-6)
        assert ops.box_area(there, fmt).tolist() == pytest.approx(ops.box_area(a).tolist())
        np.testing.assert_allclose(ops.box_iou(there, ops.box_convert(b, "xyxy", fmt), fmt).numpy(),
                                   want, rtol=1e-5)  # fmt: skip
    assert ops.generalized_box_iou(a, b).diagonal().tolist()[0] == 1
    assert ops.generalized_box_iou(a, b)[2, 0].item() == pytest.approx(0 - (156 - 22) / 156)
    apart = (11 - 2) ** 2 + (11.5 - 2) ** 2
    assert ops.distance_box_iou(a, b)[2, 0].item() == pytest.approx(-apart / (12**2 + 13**2))
    pairs = ops.distance_box_iou_loss(a[:2], b), ops.complete_box_iou_loss(a[:2], b)
    assert pairs[0].tolist() == pytest.approx(
        (1 - ops.distance_box_iou(a[:2], b).diagonal()).tolist(), abs=1e-5)  # fmt: skip
    assert pairs[1].tolist() == pytest.approx(
        (1 - ops.complete_box_iou(a[:2], b).diagonal()).tolist(), abs=1e-5)  # fmt: skip
    assert ops.generalized_box_iou_loss(a[:2], b, "sum").item() == pytest.approx(
        (1 - ops.generalized_box_iou(a[:2], b).diagonal()).sum().item(), abs=1e-5)  # fmt: skip
    assert ops.clip_boxes_to_image(a, (4, 11)).tolist()[2] == [10, 4, 11, 4]
    assert ops.remove_small_boxes(a, 3).tolist() == [0, 1, 3]
    masks = nt.zeros(1, 6, 7)
    masks[0, 2:4, 3:6] = 1
    assert ops.masks_to_boxes(masks).tolist() == [[3, 2, 5, 3]]
    with pytest.raises(ValueError, match="Unsupported Bounding Box Conversions"):
        ops.box_convert(a, "xyxy", "nothing")


def test_suppression():
    a, scores = nt.tensor(A), nt.tensor([0.5, 0.6, 0.1, 0.9])
    assert ops.nms(a, scores, 0.5).tolist() == [3, 1, 2]
    assert ops.nms(a, scores, 0.2).tolist() == [3, 2]
    assert ops.nms(a, scores, 1.0).tolist() == [3, 1, 0, 2]
    classes = nt.tensor([0, 0, 0, 1])
    assert ops.batched_nms(a, scores, classes, 0.2).tolist() == [3, 1, 2]
    assert ops.nms(nt.zeros(0, 4), nt.zeros(0), 0.5).tolist() == []
    with pytest.raises(RuntimeError, match="same number of elements in dimension 0"):
        ops.nms(a, scores[:2], 0.5)


def test_losses_and_blocks():
    x, y = torch.randn(6), torch.tensor([0.0, 1, 1, 0, 1, 0])
    p = x.sigmoid()
    right = p * y + (1 - p) * (1 - y)
    want = -(right.log()) * (1 - right) ** 2 * (0.25 * y + 0.75 * (1 - y))
    got = ops.sigmoid_focal_loss(nt.from_numpy(x.numpy()), nt.from_numpy(y.numpy()))
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-4, atol=1e-6)
    nt.manual_seed(0)
    ones = nt.ones(400, 3)
    dropped = ops.stochastic_depth(ones, 0.25, "row")
    rows = dropped.sum(1)
    assert set(np.round(rows.numpy(), 3)) == {0, 4} and 250 < (rows > 0).sum() < 350
    assert ops.StochasticDepth(0.5, "row").eval()(ones) is ones
    holes = ops.drop_block2d(nt.ones(4, 8, 20, 20), 0.2, 3)
    assert 0.1 < (holes == 0).float().mean().item() < 0.3 and holes.mean().item() == pytest.approx(
        1, abs=1e-4)  # fmt: skip
    frozen = ops.FrozenBatchNorm2d(3)
    state = nt.nn.BatchNorm2d(3).state_dict()
    frozen.load_state_dict(state)
    assert frozen(nt.ones(1, 3, 2, 2)).mean().item() == pytest.approx(1, abs=1e-4)
    assert repr(frozen) == "FrozenBatchNorm2d(3, eps=1e-05)"
