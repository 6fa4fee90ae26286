"""A small GPT (decoder-only transformer) learns a text file and writes on.

Goal: a loss below 1.8 nats a character on the text.

    python examples/tiny_gpt.py [--text FILE] [--steps N]
"""

import argparse
from pathlib import Path

import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from tqdm import trange

README = Path(__file__).parents[1] / "README.md"


class Block(nn.Module):
    """Causal self-attention and an MLP, each after a layer norm, each added to its input."""

    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.mlp = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))

    def attend(self, x):
        n, t, c = x.shape
        split = self.qkv(x).view(n, t, 3, self.heads, c // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(n, t, c))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """Token ids [batch, time] -> scores of the next tokens."""

    def __init__(self, tokens, context=64, size=96, heads=4, layers=3):
        super().__init__()
        self.context = context
        self.token, self.place = nn.Embedding(tokens, size), nn.Embedding(context, size)
        self.blocks = nn.Sequential(*[Block(size, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, tokens, bias=False)

    def forward(self, ids):
        x = self.token(ids) + self.place(torch.arange(ids.size(1)))
        return self.head(self.norm(self.blocks(x)))

    @torch.no_grad()
    def generate(self, ids, count, temperature=0.7, top_k=10):
        """`count` more tokens, each drawn from the `top_k` most likely ones."""
        for _ in range(count):
            scores = self(ids[:, -self.context :])[:, -1] / temperature
            least = torch.topk(scores, top_k).values[:, -1:]
            scores = scores.masked_fill(scores < least, float("-inf"))
            drawn = torch.multinomial(F.softmax(scores, dim=-1), 1)
            ids = torch.cat([ids, drawn], 1)
        return ids


def main():
    parser = argparse.ArgumentParser(description="train a small GPT on a text file")
    parser.add_argument("--text", type=Path, default=README)
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()

    torch.manual_seed(0)
    text = args.text.read_text()
    letters = sorted(set(text))
    data = torch.tensor([letters.index(c) for c in text])
    model = GPT(len(letters))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=args.steps)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(text):,} characters")

    losses = []
    bar = trange(args.steps)
    for step in bar:
        starts = torch.randint(len(data) - model.context - 1, (16,)).tolist()
        batch = torch.stack([data[s : s + model.context + 1] for s in starts])
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
        if step % 20 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")

    start = torch.tensor([[letters.index(c) for c in "The "]])
    ids = model.generate(start, 150 if args.steps > 20 else 10)
    print("".join(letters[i] for i in ids[0].tolist()))
    found = torch.stack(losses[-20:]).mean().item()
    print(f"loss {found:.3f}")
    print("goal reached" if found < 1.8 else "goal missed")


if __name__ == "__main__":
    main()
