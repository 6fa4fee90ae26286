"""Reinforcement learning: PPO balances gymnasium's CartPole (Schulman et al., 2017).

Goal: the last 20 episodes last 300 steps or more on average (a random policy lasts about 20).

    pip install -e '.[examples,rl]'
    python examples/cartpole.py [--steps N]
"""

import argparse

import gymnasium
import numpy as np
import numtorch as torch
import numtorch.nn as nn
from numtorch.distributions import Categorical
from tqdm import tqdm

ENVS, HORIZON, GAMMA, LAMBDA, CLIP = 8, 64, 0.99, 0.95, 0.2


class ActorCritic(nn.Module):
    """4 observations -> scores of the 2 actions, and the value of the state."""

    def __init__(self):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 2))
        self.critic = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 1))

    def forward(self, x):
        return self.actor(x), self.critic(x).squeeze(-1)


def collect(model, envs, states, lengths, done_lengths):
    """HORIZON steps of all environments: lists of arrays [ENVS]."""
    rows = []
    for _ in range(HORIZON):
        with torch.no_grad():
            scores, values = model(torch.from_numpy(states))
            policy = Categorical(logits=scores, validate_args=False)
            actions = policy.sample()
            logs = policy.log_prob(actions)
        before = states.copy()
        ended, rewards = np.zeros(ENVS, np.float32), np.ones(ENVS, np.float32)
        for k, action in enumerate(actions.tolist()):
            state, _, terminated, truncated, _ = envs[k].step(action)
            lengths[k] += 1
            if terminated or truncated:
                ended[k] = 1
                if truncated and not terminated:  # it would have gone on
                    with torch.no_grad():
                        value = model(torch.from_numpy(state).unsqueeze(0))[1].item()
                    rewards[k] += GAMMA * value
                done_lengths.append(lengths[k])
                lengths[k] = 0
                state, _ = envs[k].reset()
            states[k] = state
        rows.append((before, actions.numpy(), logs.numpy(), values.numpy(), rewards, ended))
    return [np.stack(column) for column in zip(*rows)]


def advantages(rewards, values, ended, last):
    """Generalised advantage estimation."""
    out, running = np.zeros_like(rewards), np.zeros(ENVS, np.float32)
    for t in reversed(range(HORIZON)):
        following = values[t + 1] if t + 1 < HORIZON else last
        delta = rewards[t] + GAMMA * following * (1 - ended[t]) - values[t]
        running = delta + GAMMA * LAMBDA * (1 - ended[t]) * running
        out[t] = running
    return out


def improve(model, optimizer, x, actions, old, returns, gains):
    """Four passes over what was collected, in four batches."""
    gains = (gains - gains.mean()) / (gains.std() + 1e-8)
    for _ in range(4):
        for rows in torch.randperm(len(x)).chunk(4):
            scores, values = model(x[rows])
            policy = Categorical(logits=scores, validate_args=False)
            ratio = (policy.log_prob(actions[rows]) - old[rows]).exp()
            clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
            gain = torch.minimum(ratio * gains[rows], clipped * gains[rows]).mean()
            loss = -gain + 0.5 * (values - returns[rows]).square().mean()
            loss = loss - 0.01 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()


def main():
    parser = argparse.ArgumentParser(description="PPO on CartPole")
    parser.add_argument("--steps", type=int, default=120, help="rounds of 512 steps, at most")
    args = parser.parse_args()

    torch.manual_seed(0)
    envs = [gymnasium.make("CartPole-v1") for _ in range(ENVS)]
    states = np.stack([env.reset(seed=k)[0] for k, env in enumerate(envs)])
    model = ActorCritic()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    lengths, done = [0] * ENVS, []
    bar = tqdm(range(args.steps))
    for _ in bar:
        x, actions, logs, values, rewards, ended = collect(model, envs, states, lengths, done)
        with torch.no_grad():
            last = model(torch.from_numpy(states))[1].numpy()
        gains = advantages(rewards, values, ended, last)
        flat = [torch.from_numpy(a.reshape(-1, *a.shape[2:]))
                for a in (x, actions, logs, gains + values, gains)]  # fmt: skip
        improve(model, optimizer, *flat)
        recent = float(np.mean(done[-20:])) if done else 0.0
        bar.set_postfix(length=f"{recent:.0f}")
        if recent >= 400:
            break
    print(f"{len(done)} episodes; the last 20 lasted {recent:.0f} steps on average")
    print("goal reached" if recent >= 300 else "goal missed")


if __name__ == "__main__":
    main()
