"""Noise of many kinds, none of it recorded but babble, which is other people's words backwards."""
import glob

import numpy as np
import soundfile as sf
from scipy.signal import lfilter


def voices(folder):
    """Words for babble: every fourth recording."""
    return [sf.read(file, dtype="int16")[0] for file in sorted(glob.glob(folder + "/*/*.flac"))[::4]]


def colour(rng, n):
    x = lfilter([1], [1, -rng.uniform(0.3, 0.99)], rng.standard_normal(n))
    if rng.random() < 0.5:
        f, r = rng.uniform(100, 6000), rng.uniform(0.8, 0.98)
        x = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * f / 16000), r * r], x)
    return x / x.std()


def clatter(rng, n):
    """Things that are put down: ringing bursts over a hiss."""
    out, t, rate = colour(rng, n) * rng.uniform(0.03, 0.3), 0, rng.uniform(0.5, 6)
    while True:
        t += int(16000 * rng.exponential(1 / rate))
        if t >= n:
            return out
        m = min(n - t, int(16000 * rng.uniform(0.02, 0.5)))
        fall = np.exp(-np.arange(m) / (16000 * rng.uniform(0.005, 0.12)))
        burst = rng.standard_normal(m) * rng.uniform(0, 1)
        for _ in range(rng.integers(0, 5)):
            tone = 2 * np.pi * rng.uniform(500, 6500) / 16000 * np.arange(m) + rng.uniform(0, 6)
            burst += rng.uniform(0.2, 1) * np.sin(tone)
        out[t : t + m] += burst * fall * rng.lognormal(0, 0.7)


def babble(rng, n, voices):
    out = np.zeros(n)
    for _ in range(rng.integers(2, 9)):
        at, gain = 0, rng.uniform(0.3, 1)
        while at < n:
            word = voices[rng.integers(len(voices))].astype(float)
            word = word[::-1] / (word.std() + 1)
            m = min(n - at, len(word))
            out[at : at + m] += gain * word[:m]
            at += len(word)
    return out


def noise(rng, n, voices):
    kind = rng.random()
    if kind < 0.25:
        return colour(rng, n)
    if kind < 0.65:
        return clatter(rng, n)
    if kind < 0.8:
        return babble(rng, n, voices)
    return babble(rng, n, voices) / 3 + clatter(rng, n) * rng.uniform(0.3, 2)


def loudest_frame(x):
    n = len(x) // 2048
    return (x[: n * 2048].reshape(n, 2048) ** 2).sum(1).max()
