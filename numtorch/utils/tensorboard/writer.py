"""SummaryWriter: what a program wants to be seen, in event files."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from . import _summary
from ._summary import EventFileWriter, event_pb2

__all__ = ["FileWriter", "SummaryWriter"]


class FileWriter:
    """Writes events to one file of a folder, in a thread of its own."""

    def __init__(self, log_dir, max_queue: int = 10, flush_secs: int = 120,
                 filename_suffix: str = ""):  # fmt: skip
        log_dir = str(log_dir)
        self.event_writer = EventFileWriter(log_dir, max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The folder."""
        return self.event_writer.get_logdir()

    def add_event(self, event, step: int | None = None, walltime: float | None = None) -> None:
        """Writes an event."""
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(step)
        self.event_writer.add_event(event)

    def add_summary(self, summary, global_step=None, walltime: float | None = None) -> None:
        """Writes a summary."""
        self.add_event(event_pb2.Event(summary=summary), global_step, walltime)

    def flush(self) -> None:
        """Writes what waits to the disk."""
        self.event_writer.flush()

    def close(self) -> None:
        """Ends the file."""
        self.event_writer.close()


class SummaryWriter:
    """Writes scalars, histograms, pictures, sound and text for TensorBoard.

    log_dir: the folder, by default runs/<date>_<host><comment>. purge_step: what an earlier run
    wrote from this step on is hidden. As a context it closes itself.
    """

    def __init__(
        self, log_dir=None, comment: str = "", purge_step: int | None = None, max_queue: int = 10,
        flush_secs: int = 120, filename_suffix: str = "",
    ):  # fmt: skip
        if not log_dir:
            import socket
            from datetime import datetime

            now = datetime.now().strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", now + "_" + socket.gethostname() + comment)
        self.log_dir, self.purge_step = log_dir, purge_step
        self.max_queue, self.flush_secs = max_queue, flush_secs
        self.filename_suffix = filename_suffix
        self.file_writer: FileWriter | None = None
        self.all_writers: dict[str, FileWriter] = {}
        self.default_bins = _summary.default_bins()
        self._get_file_writer()

    def _open(self, log_dir) -> FileWriter:
        return FileWriter(log_dir, self.max_queue, self.flush_secs, self.filename_suffix)

    def _get_file_writer(self) -> FileWriter:
        if self.file_writer is None:
            self.file_writer = self._open(self.log_dir)
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                step, self.purge_step = self.purge_step, None
                self.file_writer.add_event(event_pb2.Event(file_version="brain.Event:2"), step)
                log = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
                self.file_writer.add_event(event_pb2.Event(session_log=log), step)
        return self.file_writer

    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    def _add(self, summary, step, walltime) -> None:
        self._get_file_writer().add_summary(summary, step, walltime)

    # -- numbers

    def add_scalar(
        self, tag: str, scalar_value, global_step=None, walltime=None, new_style: bool = False,
        double_precision: bool = False,
    ) -> None:  # fmt: skip
        """A number at a step."""
        made = _summary.scalar(tag, scalar_value, new_style, double_precision)
        self._add(made, global_step, walltime)

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: dict, global_step=None, walltime=None
    ) -> None:
        """Several numbers in one chart; each gets a folder of its own."""
        walltime = time.time() if walltime is None else walltime
        folder = self._get_file_writer().get_logdir()
        for tag, value in tag_scalar_dict.items():
            place = folder + "/" + main_tag.replace("/", "_") + "_" + tag
            if place not in self.all_writers:
                self.all_writers[place] = self._open(place)
            made = _summary.scalar(main_tag, value)
            self.all_writers[place].add_summary(made, global_step, walltime)

    def add_tensor(self, tag: str, tensor, global_step=None, walltime=None) -> None:
        """All elements of a tensor."""
        self._add(_summary.tensor(tag, tensor), global_step, walltime)

    def add_histogram(
        self, tag: str, values, global_step=None, bins="tensorflow", walltime=None, max_bins=None
    ) -> None:
        """How the values are distributed; bins: 'tensorflow', or what np.histogram takes."""
        if isinstance(bins, str) and bins == "tensorflow":
            bins = self.default_bins
        self._add(_summary.histogram(tag, values, bins, max_bins), global_step, walltime)

    def add_histogram_raw(
        self, tag: str, min, max, num, sum, sum_squares, bucket_limits, bucket_counts,
        global_step=None, walltime=None,
    ) -> None:  # fmt: skip
        """A histogram that was counted elsewhere: the right limits of buckets, their counts."""
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError(
                "len(bucket_limits) != len(bucket_counts), see the document."
            )
        made = _summary.raw_histogram(tag, min, max, num, sum, sum_squares, bucket_limits,
                                      bucket_counts)  # fmt: skip
        self._add(made, global_step, walltime)

    # -- pictures, sound, text

    def add_image(
        self, tag: str, img_tensor, global_step=None, walltime=None, dataformats: str = "CHW"
    ) -> None:
        """A picture; floats between 0 and 1, or uint8."""
        self._add(_summary.image(tag, img_tensor, dataformats=dataformats), global_step, walltime)

    def add_images(
        self, tag: str, img_tensor, global_step=None, walltime=None, dataformats: str = "NCHW"
    ) -> None:
        """Several pictures as one."""
        self._add(_summary.image(tag, img_tensor, dataformats=dataformats), global_step, walltime)

    def add_image_with_boxes(
        self, tag: str, img_tensor, box_tensor, global_step=None, walltime=None, rescale: float = 1,
        dataformats: str = "CHW", labels=None,
    ) -> None:  # fmt: skip
        """A picture with rectangles [n, 4] of (left, top, right, bottom)."""
        labels = [labels] * len(box_tensor) if isinstance(labels, str) else labels
        made = _summary.boxes(tag, img_tensor, box_tensor, rescale, dataformats, labels)
        self._add(made, global_step, walltime)

    def add_figure(
        self, tag: str, figure, global_step=None, close: bool = True, walltime=None
    ) -> None:
        """A figure of matplotlib, or a list of them; `close` frees them."""
        figures = figure if isinstance(figure, list) else [figure]
        pictures = [_drawn(f, close) for f in figures]
        if isinstance(figure, list):
            self.add_images(tag, np.stack(pictures), global_step, walltime, "NHWC")
        else:
            self.add_image(tag, pictures[0], global_step, walltime, "HWC")

    def add_audio(
        self, tag: str, snd_tensor, global_step=None, sample_rate: int = 44100, walltime=None
    ) -> None:
        """Sound between -1 and 1."""
        self._add(_summary.audio(tag, snd_tensor, sample_rate), global_step, walltime)

    def add_text(self, tag: str, text_string: str, global_step=None, walltime=None) -> None:
        """Text (Markdown)."""
        self._add(_summary.text(tag, text_string), global_step, walltime)

    # -- curves, settings, layouts

    def add_pr_curve(
        self, tag: str, labels, predictions, global_step=None, num_thresholds: int = 127,
        weights=None, walltime=None,
    ) -> None:  # fmt: skip
        """Precision and recall of predictions (0 to 1) of true or false labels."""
        made = _summary.pr_curve(tag, labels, predictions, num_thresholds, weights)
        self._add(made, global_step, walltime)

    def add_pr_curve_raw(
        self, tag: str, true_positive_counts, false_positive_counts, true_negative_counts,
        false_negative_counts, precision, recall, global_step=None, num_thresholds: int = 127,
        weights=None, walltime=None,
    ) -> None:  # fmt: skip
        """A curve that was computed elsewhere."""
        made = _summary.raw_pr_curve(
            tag, true_positive_counts, false_positive_counts, true_negative_counts,
            false_negative_counts, precision, recall, num_thresholds,
        )  # fmt: skip
        self._add(made, global_step, walltime)

    def add_hparams(
        self, hparam_dict: dict, metric_dict: dict, hparam_domain_discrete: dict | None = None,
        run_name: str | None = None, global_step=None,
    ) -> None:  # fmt: skip
        """The settings of a run and what came of them, in a folder of its own."""
        if type(hparam_dict) is not dict or type(metric_dict) is not dict:
            raise TypeError("hparam_dict and metric_dict should be dictionary.")
        parts = _summary.hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        folder = os.path.join(self._get_file_writer().get_logdir(), run_name or str(time.time()))
        with SummaryWriter(log_dir=folder) as writer:
            for part in parts:
                writer._add(part, global_step, None)
            for name, value in metric_dict.items():
                writer.add_scalar(name, value, global_step)

    def add_custom_scalars(self, layout: dict) -> None:
        """Charts of several scalars: {category: {title: ['Multiline' or 'Margin', [tags]]}}."""
        self._add(_summary.custom_scalars(layout), None, None)

    def add_custom_scalars_multilinechart(
        self, tags: list, category: str = "default", title: str = "untitled"
    ) -> None:
        """A chart of several scalars."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(
        self, tags: list, category: str = "default", title: str = "untitled"
    ) -> None:
        """A chart of a scalar between two others."""
        if len(tags) != 3:
            raise AssertionError(f"Expected 3 tags, got {len(tags)}.")
        self.add_custom_scalars({category: {title: ["Margin", tags]}})

    def _missing(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("this kind of summary is not implemented in numtorch")

    add_graph = add_onnx_graph = add_embedding = add_mesh = add_video = _missing

    # -- the end

    def flush(self) -> None:
        """Writes what waits to the disk."""
        for writer in self.all_writers.values():
            writer.flush()

    def close(self) -> None:
        """Ends the files; a later add opens new ones."""
        for writer in self.all_writers.values():
            writer.flush()
            writer.close()
        self.file_writer, self.all_writers = None, {}

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc) -> None:
        self.close()


def _drawn(figure, close: bool) -> np.ndarray:
    """A figure's pixels [H, W, 3]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    if close:
        import matplotlib.pyplot as plt

        plt.close(figure)
    return pixels
