"""Fits ../noisy.mllr: one linear transform of the acoustic model's means, from clean speech to speech that was under
noise and went through the daemon's noise removal (src/hear/denoise.rs).

    cargo build --release --manifest-path rnnoise/Cargo.toml
    tendero hear --json --catalog SPEECH/cafe.json SPEECH/audio/*.flac > heard.jsonl
    python train.py --speech SPEECH --babble WAKE --heard heard.jsonl --out ../noisy.mllr

The noise is made here (`noise`), none of it recorded but babble, which is other people's words backwards. Which phone is
spoken when comes from the clean recording, and so do the shares of the Gaussians in each frame; the means are
then moved to where the same frames are under noise (single-pass retraining; least squares as in Leggetter and
Woodland, "Maximum likelihood linear regression", 1995). `--half even|odd` leaves the other recordings for a measurement.
"""
import argparse
import ctypes
import glob
import json
import os

import numpy as np
import soundfile as sf
from scipy.signal import lfilter, resample_poly

import sphinx

HERE = os.path.dirname(os.path.abspath(__file__))
RAW_SHARE, BELOW_SPEECH_DB, AROUND_SPEECH = 0.3, 25, 30  # as in src/hear/denoise.rs


# ---- the daemon's noise removal

def rnnoise(x):
    lib = ctypes.CDLL(os.path.join(HERE, "rnnoise/target/release/librnnoise.so"))
    lib.denoise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    wide = resample_poly(x, 3, 1).astype(np.float32)
    wide = np.append(wide, np.zeros(-len(wide) % 480 + 960, np.float32))
    out = np.zeros_like(wide)
    lib.denoise(wide.ctypes.data, len(wide), out.ctypes.data)
    return resample_poly(out[480:], 1, 3)[: len(x)]


def near_speech(x):
    n = len(x) // 160
    level = 10 * np.log10((x[: n * 160].reshape(n, 160) ** 2).mean(1) + 1)
    level = np.convolve(level, np.ones(5) / 5, "same")
    loudest = np.sort(level)[-max(1, n // 10) :].mean()
    keep = np.zeros(n, bool)
    for t in np.flatnonzero(level > loudest - BELOW_SPEECH_DB):
        keep[max(0, t - AROUND_SPEECH) : t + AROUND_SPEECH] = True
    return keep


# ---- noise

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


# ---- what is spoken

def transcripts(args):
    """Recordings that were fully understood, with their phones."""
    says = {}
    for line in open(sphinx.DICT):
        word, *phones = line.split()
        says.setdefault(word, phones)
    wanted = [json.loads(line) for line in open(os.path.join(args.speech, "labels.jsonl"))]
    heard = {}
    for line in open(args.heard):
        row = json.loads(line)
        heard[os.path.basename(row["file"])] = row
    out = []
    for at, label in enumerate(wanted):
        row = heard.get(os.path.basename(label["audio"]))
        if row is None or (args.half != "all" and at % 2 != ["even", "odd"].index(args.half)):
            continue
        words = row["transcript"].split()
        if (row["intent"], row["lines"]) == (label["intent"], label["lines"]) and all(w in says for w in words):
            out.append((os.path.join(args.speech, label["audio"]), [p for w in words for p in says[w]]))
    return out


def peaked(x):
    return np.round(x * 0.5 * 32767 / np.abs(x).max())


# ---- the transform

def statistics(args, means, variances):
    rng, aligner, names = np.random.default_rng(args.seed), sphinx.Aligner(), sphinx.codebooks()
    voices = [sf.read(f, dtype="int16")[0] for f in sorted(glob.glob(args.babble + "/*/*.flac"))[::4]]
    dead = (variances < 1e-3).any(3)
    variances = np.maximum(variances, 1e-3)
    zero, one = np.zeros(means.shape[:3]), np.zeros(means.shape)
    recordings = transcripts(args)
    print(f"{len(recordings)} recordings, {len(voices)} voices for babble")
    for path, phones in recordings:
        x = peaked(sf.read(path, dtype="int16")[0].astype(float))
        clean = sphinx.cepstra(x)
        frames = sphinx.streams(clean, near_speech(x))
        level = 10 ** (rng.uniform(3, 25) / 10)
        n = noise(rng, len(x), voices)
        y = peaked(x + np.sqrt(loudest_frame(x) / (loudest_frame(n) * level)) * n)
        z = rnnoise(y)
        keep = near_speech(z)
        keep = np.append(keep, np.zeros(max(0, len(clean) - len(keep)), bool))[: len(clean)]
        noisy = sphinx.streams(sphinx.cepstra(np.round(RAW_SHARE * y + (1 - RAW_SHARE) * z)), keep)
        for phone, first, last in aligner.align(clean, phones):
            if phone not in names:
                continue
            book, at = names.index(phone), np.arange(first, last + 1)
            at = at[keep[at]]
            if phone == "SIL":
                at = at[::3]
            for s in range(3):
                f, m, weight = frames[s][at], means[book, s], 1 / variances[book, s]
                log = -0.5 * (f**2 @ weight.T - 2 * f @ (m * weight).T + (m**2 * weight).sum(1) - np.log(weight).sum(1))
                log[:, dead[book, s]] = -1e30
                share = np.exp(log - log.max(1, keepdims=True))
                share /= share.sum(1, keepdims=True)
                zero[book, s] += share.sum(0)
                one[book, s] += share.T @ noisy[s][at]
    return zero, one, variances


def solve(zero, one, means, variances):
    """[stream]: rotation and shift, drawn a little towards no change."""
    out = []
    for s in range(3):
        n, m, v, o = zero[:, s].ravel(), *(a[:, s].reshape(-1, 13) for a in (means, variances, one))
        x = np.concatenate([m, np.ones((len(m), 1))], 1)
        rows = []
        for d in range(13):
            pull = np.full(14, 20_000 / v[:, d].mean())
            pull[13] /= 100
            stay = np.eye(14)[d]
            rows.append(np.linalg.solve((x * (n / v[:, d])[:, None]).T @ x + np.diag(pull), x.T @ (o[:, d] / v[:, d]) + pull * stay))
        out.append(np.array(rows))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("speech", "babble", "heard", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--half", choices=["all", "even", "odd"], default="all")
    parser.add_argument("--seed", type=int, default=20260101)
    args = parser.parse_args()
    means, variances = sphinx.gaussians("means"), sphinx.gaussians("variances")
    zero, one, variances = statistics(args, means, variances)
    with open(args.out, "w") as f:
        print("1\n3", file=f)
        for rows in solve(zero, one, means, variances):
            print(13, file=f)
            for row in rows:
                print(*(f"{v:.5f}" for v in row[:13]), file=f)
            print(*(f"{v:.5f}" for v in rows[:, 13]), file=f)
            print(*["1"] * 13, file=f)


if __name__ == "__main__":
    main()
