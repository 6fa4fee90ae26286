"""Sort keys: elements as signed integers in PyTorch's order (NaN last, -0.0 equal to 0.0).

Types of up to 32 bits are packed with their index into one word, key << 32 | index, so that words
are ordered as a stable sort orders the elements. Wider types have keys and indices apart; integers
whose values alone are wanted have no indices.
"""

from __future__ import annotations

from .argblock import indent
from .dtypes import DType

INSERTION = 64  # rows up to this length are sorted by insertion

_FLOAT = {
    # bits, most negative, NaN's key: above that of infinity
    "f32": ("i64(f32_bits(v))", "-2147483648", "2147483647"),
    "f64": ("f64_bits(v)", "(-9223372036854775807 - 1)", "9223372036854775807"),
}
_BACK = {"f32": "bits_f32(i32({0}))", "f64": "bits_f64({0})"}


_MOVED = {
    "u32": ("i64(v) - 2147483648", "u32(s + 2147483648)"),
    "u64": ("i64(v) ^ (i64(1) << 63)", "u64(s ^ (i64(1) << 63))"),
}


class Keys:
    """Source text about the keys of one dtype; the argument `order` is 0, or -1 to descend."""

    def __init__(self, dtype: DType, values_only: bool = False):
        self.dtype = dtype
        self.t = dtype.compute_short
        self.float = self.t in _FLOAT
        self.packed = self.t not in ("f64", "i64", "u64")
        # Zeros of both signs and NaNs have one key each: their elements are looked up by index.
        self.apart = not self.packed and not (values_only and not self.float)
        self.bytes = {"f32": 4, "f64": 8, "b1": 1}.get(self.t) or int(self.t[1:]) // 8
        # Unsigned types whose largest values are negative as keys move down by half their range.
        self.down, self.up = _MOVED.get(self.t, ("i64(v)", f"{self.t}(s)"))
        signed = self.t[0] not in "ub" or self.t in _MOVED
        self.flip = 128 if signed else 0  # sign bit of the last digit
        self.shift = 32 if self.packed else 0

    def key(self) -> str:
        """Lines: s, the key of element v."""
        if self.float:
            bits, low, nan = _FLOAT[self.t]
            text = f"b = {bits}\ns = select(b < 0, {low} - b, b)\ns = select(v != v, {nan}, s)\n"
        else:
            text = f"s = {self.down}\n"
        return text + "s = s ^ order\n"

    def put(self, at: str, index: str) -> str:
        """Lines: key s with its index goes to scratch."""
        if self.packed:
            return f"S[{at}] = (s << 32) | ({index})\n"
        return f"S[{at}] = s\n" + (f"J[{at}] = {index}\n" if self.apart else "")

    def move(self, to: str, at: str) -> str:
        """Lines: an entry of the scratch goes to another place of it."""
        return f"S[{to}] = S[{at}]\n" + (f"J[{to}] = J[{at}]\n" if self.apart else "")

    def digit(self, q: str, entry: str) -> str:
        """Digit number q of an entry; the last one has the sign."""
        flip = f" ^ select({q} == {self.bytes - 1}, {self.flip}, 0)" if self.flip else ""
        return f"(({entry} >> ({self.shift} + 8 * {q})) & 255){flip}"

    def fixed_digit(self, q: int, entry: str) -> str:
        flip = f" ^ {self.flip}" if self.flip and q == self.bytes - 1 else ""
        return f"(({entry} >> {self.shift + 8 * q}) & 255){flip}"

    def decode(self, at: str) -> str:
        """Lines: s, the key, and j, the index (if there is one), of an entry."""
        if self.packed:
            return f"s = S[{at}] >> 32\nj = S[{at}] & 4294967295\n"
        return f"s = S[{at}]\n" + (f"j = i64(J[{at}])\n" if self.apart else "")

    def element(self, again: str) -> str:
        """Lines: v, the element of key s; `again` loads it where the key does not say all."""
        text = "s = s ^ order\n"
        if not self.float:
            return text + ("v = s != 0\n" if self.t == "b1" else f"v = {self.up}\n")
        _, low, nan = _FLOAT[self.t]
        back = _BACK[self.t].format(f"select(s < 0, {low} - s, s)")
        return text + f"v = {back}\nif (s == 0) | (s == {nan}):\n    v = {again}\n"

    # -- sorting a stretch of scratch

    def insertion(self, n: str = "n") -> str:
        """Lines: sorts the n entries from `a` on."""
        apart = self.apart
        return (
            f"for i in range(1, {n}):\n    e = S[a + i]\n" + ("    f = J[a + i]\n" if apart else "")
            + "    u = i\n    while u > 0 and S[a + u - 1] > e:\n"
            + indent(self.move("a + u", "a + u - 1"), 2) + "        u = u - 1\n"
            + "    S[a + u] = e\n" + ("    J[a + u] = f\n" if apart else "")
        )  # fmt: skip

    def radix(self) -> str:
        """Lines: sorts the n entries from `a` on, with room for as many at `z`; counters H from h.

        All counts come from one pass; digits that are the same everywhere are skipped.
        """
        counts = "".join(
            f"g = h + {256 * q} + ({self.fixed_digit(q, 'e')})\nH[g] = H[g] + 1\n"
            for q in range(self.bytes)
        )
        apart = self.apart
        return (
            f"for i in range({256 * self.bytes}):\n    H[h + i] = 0\n"
            "for i in range(n):\n    e = S[a + i]\n" + indent(counts, 1)
            + f"src = a\ndst = z\nfor q in range({self.bytes}):\n    hq = h + 256 * q\n"
            f"    if H[hq + ({self.digit('q', 'S[src]')})] != n:\n"
            "        put = 0\n        for i in range(256):\n            c = H[hq + i]\n"
            "            H[hq + i] = put\n            put = put + c\n"
            "        for i in range(n):\n            e = S[src + i]\n"
            f"            g = hq + ({self.digit('q', 'e')})\n            c = H[g]\n"
            "            S[dst + c] = e\n"
            + ("            J[dst + c] = J[src + i]\n" if apart else "")
            + "            H[g] = c + 1\n        c = src\n        src = dst\n        dst = c\n"
            "if src != a:\n    for i in range(n):\n" + indent(self.move("a + i", "src + i"), 2)
        )  # fmt: skip

    def sort(self) -> str:
        """Lines: sorts the n entries from `a` on."""
        return (
            f"if n <= {INSERTION}:\n" + indent(self.insertion(), 1) + "else:\n"
            + indent(self.radix(), 1)
        )  # fmt: skip
