"""A character LSTM learns to write like a text file (the README, unless another is given).

Goal: a loss below 1.5 nats a character on the text (guessing all characters alike gives about 4.5).

    python examples/char_lstm.py [--text FILE] [--steps N]
"""

import argparse
from pathlib import Path

import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from tqdm import trange

README = Path(__file__).parents[1] / "README.md"


class CharLSTM(nn.Module):
    """Characters -> scores of the next ones, and the state to go on from."""

    def __init__(self, characters, size=128):
        super().__init__()
        self.embedding = nn.Embedding(characters, 32)
        self.lstm = nn.LSTM(32, size, batch_first=True)
        self.head = nn.Linear(size, characters)

    def forward(self, x, state=None):
        out, state = self.lstm(self.embedding(x), state)
        return self.head(out), state


@torch.no_grad()
def write(model, start, length, letters, temperature=0.6):
    """Text drawn from the model, a character at a time."""
    x = torch.tensor([[letters.index(c) for c in start]])
    state, out = None, start
    for _ in range(length):
        scores, state = model(x, state)
        x = torch.multinomial(F.softmax(scores[:, -1] / temperature, -1), 1)
        out += letters[x.item()]
    return out


def main():
    parser = argparse.ArgumentParser(description="train a character LSTM")
    parser.add_argument("--text", type=Path, default=README)
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()

    torch.manual_seed(0)
    text = args.text.read_text()
    letters = sorted(set(text))
    data = torch.tensor([letters.index(c) for c in text])
    model = CharLSTM(len(letters))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

    losses = []
    bar = trange(args.steps)
    for step in bar:
        starts = torch.randint(len(data) - 65, (32,)).tolist()
        batch = torch.stack([data[s : s + 65] for s in starts])
        optimizer.zero_grad()
        scores, _ = model(batch[:, :-1])
        loss = F.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.detach())
        if step % 20 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")

    print(write(model, "The ", 200 if args.steps > 20 else 20, letters))
    found = torch.stack(losses[-20:]).mean().item()
    print(f"loss {found:.3f}")
    print("goal reached" if found < 1.5 else "goal missed")


if __name__ == "__main__":
    main()
