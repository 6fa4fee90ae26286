"""Values as TensorBoard's summaries: protocol buffers."""

from __future__ import annotations

import io
import wave

import numpy as np

from ..._tensor import Tensor

try:
    from tensorboard.compat.proto import (
        event_pb2,  # noqa: F401 (for writer.py)
        summary_pb2,
        tensor_pb2,
        tensor_shape_pb2,
    )
    from tensorboard.plugins.custom_scalar import layout_pb2
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
    from tensorboard.plugins.hparams import metadata as hparams_metadata
    from tensorboard.plugins.pr_curve import metadata as pr_metadata
    from tensorboard.plugins.text import metadata as text_metadata
    from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: F401

    Summary = summary_pb2.Summary
except ImportError:
    EventFileWriter = event_pb2 = None


def require() -> None:
    """ImportError that says what to install if TensorBoard's package is missing."""
    if event_pb2 is None:
        raise ImportError("TensorBoard's package is needed: pip install 'numtorch[tensorboard]'")


_DT_FLOAT, _DT_DOUBLE, _DT_STRING = 1, 2, 7  # TensorFlow's numbers of types


def as_array(x) -> np.ndarray:
    """A tensor, array or number as an array."""
    if isinstance(x, Tensor):
        x = x.detach()
        return (x.float() if x.dtype.opaque and x.dtype.kind == "f" else x).numpy()
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    raise NotImplementedError(
        f"Got {type(x)}, but numpy array or torch tensor are expected."
    )


def _one(**value) -> Summary:
    return Summary(value=[Summary.Value(**value)])


def _shape(sizes) -> tensor_shape_pb2.TensorShapeProto:
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=int(n)) for n in sizes]
    return tensor_shape_pb2.TensorShapeProto(dim=dims)


def _for_plugin(name: str, **content) -> summary_pb2.SummaryMetadata:
    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name=name, **content)
    return summary_pb2.SummaryMetadata(plugin_data=plugin)


def scalar(tag: str, value, new_style: bool = False, double_precision: bool = False) -> Summary:
    """A number; `new_style`: in a tensor field, as float32 or float64."""
    number = as_array(value).squeeze()
    assert number.ndim == 0, f"Tensor should contain one element (0 dimensions). {number.size}"
    number = float(number)
    if not new_style:
        return _one(tag=tag, simple_value=number)
    kind, field = (_DT_DOUBLE, "double_val") if double_precision else (_DT_FLOAT, "float_val")
    content = tensor_pb2.TensorProto(dtype=kind, **{field: [number]})
    return _one(tag=tag, tensor=content, metadata=_for_plugin("scalars"))


def tensor(tag: str, value: Tensor) -> Summary:
    """The elements of a tensor, as float32."""
    array = as_array(value).astype(np.float32)
    content = tensor_pb2.TensorProto(
        dtype=_DT_FLOAT, tensor_shape=_shape(array.shape), float_val=array.reshape(-1).tolist()
    )
    return _one(tag=tag, tensor=content, metadata=_for_plugin("tensor"))


def default_bins() -> np.ndarray:
    """TensorBoard's bins: limits that grow by 10 per cent from 1e-12 to 1e20, both signs."""
    positive = [1e-12]
    while positive[-1] * 1.1 < 1e20:
        positive.append(positive[-1] * 1.1)
    return np.array([-v for v in reversed(positive)] + [0.0, *positive])


def histogram(tag: str, values, bins, max_bins: int | None = None) -> Summary:
    """How many values lie in each bin, from the first bin that is not empty to the last."""
    array = as_array(values).reshape(-1).astype(np.float64)
    if array.size == 0:
        raise ValueError("The input has no element.")
    counts, limits = np.histogram(array, bins)
    if max_bins is not None and len(counts) > max_bins:
        step = len(counts) // max_bins
        starts = np.arange(0, len(counts), step)
        counts, limits = np.add.reduceat(counts, starts), np.append(limits[starts], limits[-1])
    used = np.flatnonzero(counts)
    if not used.size:
        raise ValueError("no value lies in the bins of the histogram")
    first, last = used[0], used[-1]
    # Only the right limit of a bucket is kept: an empty one before them has the leftmost.
    return raw_histogram(
        tag, array.min(), array.max(), array.size, array.sum(), (array * array).sum(),
        limits[first : last + 2], [0, *counts[first : last + 1]],
    )  # fmt: skip


def raw_histogram(tag, low, high, count, total, squares, limits, counts) -> Summary:
    """A histogram that was counted elsewhere."""
    content = summary_pb2.HistogramProto(
        min=float(low), max=float(high), num=float(count), sum=float(total),
        sum_squares=float(squares), bucket_limit=[float(v) for v in limits],
        bucket=[float(n) for n in counts],
    )  # fmt: skip
    return _one(tag=tag, histo=content)


# ---------------------------------------------------------------- pictures and sound


def image(tag: str, value, rescale: float = 1, dataformats: str = "NCHW") -> Summary:
    """A picture as PNG; floats are between 0 and 1, uint8 between 0 and 255."""
    array = as_array(value)
    scale = 1 if array.dtype == np.uint8 else 255
    pixels = _as_hwc(array.astype(np.float32), dataformats)
    pixels = (pixels * scale).clip(0, 255).astype(np.uint8)
    return _one(tag=tag, image=_png(pixels, rescale))


def _as_hwc(array: np.ndarray, form: str) -> np.ndarray:
    """[H, W, 3]; several pictures side by side, as square as it goes."""
    form = form.upper()
    if len(set(form)) != len(form) or len(form) != array.ndim:
        raise AssertionError(
            f"size of input tensor and input format are different. tensor shape: {array.shape}, "
            f"input_format: {form}"
        )
    if "C" not in form:
        array, form = array[..., None], form + "C"
    if "N" not in form:
        array, form = array[None], "N" + form
    array = array.transpose([form.index(c) for c in "NHWC"])
    n, h, w, c = array.shape
    columns = min(n, 8)
    rows = -(-n // columns)
    grid = np.zeros((rows * columns, h, w, c), array.dtype)
    grid[:n] = array
    grid = grid.reshape(rows, columns, h, w, c).swapaxes(1, 2).reshape(rows * h, columns * w, c)
    return np.concatenate([grid] * 3, -1) if c == 1 else grid


def _png(pixels: np.ndarray, rescale: float) -> Summary.Image:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Pillow is needed for pictures: pip install pillow") from None
    h, w, c = pixels.shape
    picture = Image.fromarray(pixels)
    if rescale != 1:
        w, h = int(w * rescale), int(h * rescale)
        picture = picture.resize((w, h), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return Summary.Image(height=h, width=w, colorspace=c, encoded_image_string=out.getvalue())


def boxes(tag: str, value, corners, rescale: float, dataformats: str, labels) -> Summary:
    """A picture with rectangles [n, 4] of (left, top, right, bottom)."""
    from PIL import Image, ImageDraw

    array = as_array(value)
    scale = 1 if array.dtype == np.uint8 else 255
    pixels = (_as_hwc(array.astype(np.float32), dataformats) * scale).clip(0, 255)
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for k, corner in enumerate(as_array(corners).tolist()):
        draw.rectangle(corner, outline="red")
        if labels:
            draw.text((corner[0], corner[1]), labels[k], fill="red")
    return _one(tag=tag, image=_png(np.asarray(picture), rescale))


def audio(tag: str, value, sample_rate: int = 44100) -> Summary:
    """Sound between -1 and 1, one channel, as 16-bit WAV."""
    samples = as_array(value).squeeze()
    assert samples.ndim == 1, "input tensor should be 1 dimensional."
    coded = (samples.astype(np.float64).clip(-1, 1) * np.iinfo(np.int16).max).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(coded.tobytes())
    content = Summary.Audio(
        sample_rate=sample_rate, num_channels=1, length_frames=samples.size,
        encoded_audio_string=out.getvalue(), content_type="audio/wav",
    )  # fmt: skip
    return _one(tag=tag, audio=content)


# ---------------------------------------------------------------- text, settings, curves


def text(tag: str, content: str) -> Summary:
    """Text, which TensorBoard shows as Markdown."""
    data = text_metadata.create_summary_metadata(display_name="", description="")
    value = tensor_pb2.TensorProto(
        dtype=_DT_STRING, string_val=[content.encode()], tensor_shape=_shape((1,))
    )
    return _one(tag=tag + "/text_summary", metadata=data, tensor=value)


def pr_curve(tag: str, labels, predictions, num_thresholds: int, weights) -> Summary:
    """Precision and recall over thresholds from 0 to 1."""
    labels, scores = as_array(labels).reshape(-1), as_array(predictions).reshape(-1)
    n = min(num_thresholds, 127)
    weight = np.ones(labels.shape) if weights is None else as_array(weights).reshape(-1)
    place = np.floor(scores * (n - 1)).astype(int).clip(0, n - 1)
    true = np.bincount(place, labels.astype(float) * weight, n)[::-1].cumsum()[::-1]
    false = np.bincount(place, (1.0 - labels) * weight, n)[::-1].cumsum()[::-1]
    tn, fn = false[0] - false, true[0] - true
    return raw_pr_curve(
        tag, true, false, tn, fn, true / np.maximum(true + false, 1e-7),
        true / np.maximum(true + fn, 1e-7), n,
    )  # fmt: skip


def raw_pr_curve(tag, tp, fp, tn, fn, precision, recall, num_thresholds: int) -> Summary:
    """A curve that was computed elsewhere."""
    data = np.stack([np.asarray(x, float) for x in (tp, fp, tn, fn, precision, recall)])
    about = pr_metadata.create_summary_metadata("", "", min(num_thresholds, 127))
    content = tensor_pb2.TensorProto(
        dtype=_DT_FLOAT, float_val=data.reshape(-1).tolist(), tensor_shape=_shape(data.shape)
    )
    return _one(tag=tag, metadata=about, tensor=content)


def custom_scalars(layout: dict) -> Summary:
    """Charts of several scalars: {category: {title: (kind, [tags])}}."""
    categories = []
    for name, charts in layout.items():
        made = []
        for title, (kind, tags) in charts.items():
            if kind == "Margin":
                series = layout_pb2.MarginChartContent.Series(
                    value=tags[0], lower=tags[1], upper=tags[2]
                )
                content = {"margin": layout_pb2.MarginChartContent(series=[series])}
            else:
                content = {"multiline": layout_pb2.MultilineChartContent(tag=tags)}
            made.append(layout_pb2.Chart(title=title, **content))
        categories.append(layout_pb2.Category(title=name, chart=made))
    value = tensor_pb2.TensorProto(
        dtype=_DT_STRING, tensor_shape=_shape(()),
        string_val=[layout_pb2.Layout(category=categories).SerializeToString()],
    )  # fmt: skip
    about = _for_plugin("custom_scalars")
    return _one(tag="custom_scalars__config__", tensor=value, metadata=about)


def hparams(settings: dict, metrics: dict, domains: dict | None) -> list[Summary]:
    """What the hparams tab reads: the experiment, the session's start and its end."""
    start, infos = plugin_data_pb2.SessionStartInfo(), []
    for name, value in settings.items():
        kind = _put_setting(start, name, value)
        if kind is None:
            continue
        info = api_pb2.HParamInfo(name=name, type=api_pb2.DataType.Value(f"DATA_TYPE_{kind}"))
        if domains and name in domains:
            info.domain_discrete.extend(domains[name])
        infos.append(info)
    named = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=k)) for k in metrics]
    experiment = api_pb2.Experiment(hparam_infos=infos, metric_infos=named)
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.Status.Value("STATUS_SUCCESS"))
    return [
        _hparams_value(hparams_metadata.EXPERIMENT_TAG, experiment=experiment),
        _hparams_value(hparams_metadata.SESSION_START_INFO_TAG, session_start_info=start),
        _hparams_value(hparams_metadata.SESSION_END_INFO_TAG, session_end_info=end),
    ]


def _put_setting(start, name: str, value) -> str | None:
    target = start.hparams[name]
    if value is None:
        return None
    if isinstance(value, str):
        target.string_value = value
        return "STRING"
    if isinstance(value, (int, float, np.number, Tensor)):  # bool too, as PyTorch has it
        target.number_value = float(as_array(value).reshape(-1)[0])
        return "FLOAT64"
    raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")


def _hparams_value(tag: str, **content) -> Summary:
    data = plugin_data_pb2.HParamsPluginData(version=0, **content)
    about = _for_plugin(hparams_metadata.PLUGIN_NAME, content=data.SerializeToString())
    return _one(tag=tag, metadata=about)
