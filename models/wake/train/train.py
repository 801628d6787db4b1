"""Trains, measures and exports the head for "hey tendero" from synthesised speech.

    python train.py --front-end ../../../runtime/wake --work ~/.cache/tendero-wake --out ../hey_tendero.onnx

Needs espeak-ng; uses flite and festival where they are installed. Features are cached under
--work; a second run only trains. `--speech DIR` adds real recordings to the measurement (never
to the training, unless --train-real). Writes no audio into the repository.
"""
import argparse
import glob
import hashlib
import os
import time
from multiprocessing import Pool

import numpy as np
import soundfile as sf

import clips
from features import HOP, FrontEnd, windows

PATIENCE, REFRACTORY = 3, 25  # as in src/hear/wake/openwakeword.rs


# ---------------------------------------------------------------- features

_state = {}


def _start(front_end, seed, cache):
    _state["fe"] = FrontEnd(front_end)
    _state["makers"] = {h: clips.Maker(seed, h, cache) for h in (False, True)}


def _job(job):
    kind, index = job
    m = _state["makers"][kind.startswith("held")]
    if kind in ("pos", "neg"):
        pcm, label = (m.positive if kind == "pos" else m.negative)(index)
    elif kind == "sound":
        pcm, label = m.sound(index)
    elif kind == "held clean":
        pcm, label = m.positive(index, kind, None, 0)
    elif kind == "held 10 dB":
        pcm, label = m.positive(index, kind, 10, 0.6)
    elif kind == "held 20 dB":
        pcm, label = m.positive(index, kind, 20, 0.6)
    elif kind == "held neg":
        pcm, label = m.negative(index, kind)
    else:
        raise ValueError(kind)
    return _state["fe"].run(pcm).astype(np.float16), label.astype(np.int8)


def _real(path):
    x, rate = sf.read(path, dtype="int16")
    assert rate == 16_000 and x.ndim == 1, path
    x = np.concatenate([np.zeros(4 * HOP, np.int16), x, np.zeros(8 * HOP, np.int16)])
    x = x[: len(x) // HOP * HOP]
    return _state["fe"].run(x).astype(np.float16), np.zeros(len(x) // HOP, np.int8)


def make(pool, work, name, jobs, job=_job):
    """The features of one set, from the cache when they are there."""
    path = os.path.join(work, f"set-{name.replace(' ', '-')}-{len(jobs)}.npz")
    if not os.path.exists(path):
        at = time.time()
        done = pool.map(job, jobs, chunksize=8)
        np.savez(path, e=np.concatenate([d[0] for d in done]), l=np.concatenate([d[1] for d in done]),
                 n=np.array([len(d[1]) for d in done]))
        print(f"{name}: {len(jobs)} clips, {sum(len(d[1]) for d in done) * 0.08 / 3600:.2f} h, {time.time() - at:.0f} s", flush=True)
    with np.load(path) as z:
        e, l, counts = z["e"], z["l"], z["n"]
    sets, ei, li = [], 0, 0
    for n in counts:
        sets.append((e[ei : ei + n + 15], l[li : li + n]))
        ei, li = ei + n + 15, li + n
    return sets


# ---------------------------------------------------------------- the network

def flat(sets, keep):
    x = [windows(e)[np.isin(l, keep)] for e, l in sets]
    return np.concatenate(x)


class Net:
    """[16, 96] → shared projection to 32 → relu → 64 → relu → 1. Adam, written out."""

    def __init__(self, rng, mean, std):
        he = lambda i, o: (rng.standard_normal((i, o)) * np.sqrt(2 / i)).astype(np.float32)
        z = lambda n: np.zeros(n, np.float32)
        self.p = [he(96, 32), z(32), he(512, 64), z(64), he(64, 1) * 0.3, z(1)]
        self.m, self.v, self.t = [np.zeros_like(a) for a in self.p], [np.zeros_like(a) for a in self.p], 0
        self.ema = [a.copy() for a in self.p]
        self.mean, self.std = mean, std

    def logits(self, x, p=None):
        w1, b1, w2, b2, w3, b3 = p or self.ema
        h = np.maximum(((x.astype(np.float32) - self.mean) / self.std) @ w1 + b1, 0).reshape(len(x), -1)
        return (np.maximum(h @ w2 + b2, 0) @ w3 + b3)[:, 0]

    def step(self, x, y, lr, rng, drop=0.3, decay=1e-4):
        w1, b1, w2, b2, w3, b3 = self.p
        n = len(x)
        x = (x.astype(np.float32) - self.mean) / self.std
        h1 = np.maximum(x @ w1 + b1, 0).reshape(n, -1)
        d1 = (rng.random(h1.shape, np.float32) > drop) / np.float32(1 - drop)
        h1 = h1 * d1
        h2 = np.maximum(h1 @ w2 + b2, 0)
        d2 = (rng.random(h2.shape, np.float32) > drop) / np.float32(1 - drop)
        h2 = h2 * d2
        prob = 1 / (1 + np.exp(-(h2 @ w3 + b3)[:, 0]))
        g = ((prob - y) / n)[:, None].astype(np.float32)
        g3, gb3 = h2.T @ g, g.sum(0)
        g = (g @ w3.T) * d2 * (h2 > 0)
        g2, gb2 = h1.T @ g, g.sum(0)
        g = ((g @ w2.T) * d1 * (h1 > 0)).reshape(n * 16, 32)
        g1, gb1 = x.reshape(n * 16, 96).T @ g, g.sum(0)
        self.t += 1
        for i, grad in enumerate([g1, gb1, g2, gb2, g3, gb3]):
            self.m[i] += 0.1 * (grad - self.m[i])
            self.v[i] += 0.001 * (grad * grad - self.v[i])
            m, v = self.m[i] / (1 - 0.9**self.t), self.v[i] / (1 - 0.999**self.t)
            self.p[i] -= lr * (m / (np.sqrt(v) + 1e-8) + decay * self.p[i])
            self.ema[i] += max(0.002, 1 / self.t) * (self.p[i] - self.ema[i])


def train(seed, pos, neg, steps):
    rng = np.random.default_rng(seed)
    sample = np.concatenate([pos[:20000], neg[rng.integers(0, len(neg), 20000)]]).astype(np.float32).reshape(-1, 96)
    net = Net(rng, sample.mean(0), sample.std(0) + 1e-3)
    hard = rng.integers(0, len(neg), 20000)
    for step in range(steps):
        if step % 400 == 0 and step:
            score = np.concatenate([net.logits(neg[i : i + 20000]) for i in range(0, len(neg), 20000)])
            hard = np.argsort(-score)[: max(2000, len(neg) // 20)]
            print(f"  step {step}: negatives over 0.5 {np.mean(score > 0) * 100:.3f} %", flush=True)
        at = [pos[rng.integers(0, len(pos), 256)], neg[rng.integers(0, len(neg), 384)], neg[rng.choice(hard, 256)]]
        y = np.concatenate([np.full(256, 0.98), np.full(640, 0.01)]).astype(np.float32)
        net.step(np.concatenate(at), y, 2e-3 * 0.5 * (1 + np.cos(np.pi * step / steps)) + 1e-5, rng)
    return net


# ---------------------------------------------------------------- measuring

def firings(prob, threshold):
    """The hops at which the daemon would wake."""
    out, run, quiet_until = [], 0, -1
    for i, p in enumerate(prob):
        run = run + 1 if p >= threshold else 0
        if run >= PATIENCE and i > quiet_until:
            out.append(i)
            quiet_until = i + REFRACTORY
    return out


def probs(net, sets):
    return [(1 / (1 + np.exp(-net.logits(windows(e)))), l) for e, l in sets]


def missed(scored, threshold):
    """(share missed, latencies in ms from the end of the word to the end of the firing hop)."""
    late, miss = [], 0
    for p, l in scored:
        first = int(np.flatnonzero(l == 1)[0])
        hits = [i for i in firings(p, threshold) if first - 4 <= i <= first + 6]
        if hits:
            late.append((hits[0] - first) * 80 + 20)
        else:
            miss += 1
    return miss / len(scored), late


def report(net, tests, thresholds):
    scored = {name: probs(net, sets) for name, sets in tests.items()}
    print("| set | size | " + " | ".join(f"{t:g}" for t in thresholds) + " |\n|" + "---|" * (len(thresholds) + 2))
    for name, s in scored.items():
        hours = sum(len(l) for _, l in s) * 0.08 / 3600
        if any((l == 1).any() for _, l in s):
            cells = [missed(s, t) for t in thresholds]
            cells = [f"{m * 100:.1f} % ({np.median(late):.0f}, {np.percentile(late, 95):.0f} ms)" if late else "100 %" for m, late in cells]
            print(f"| missed: {name} | {len(s)} | " + " | ".join(cells) + " |")
        else:
            n = [sum(len(firings(p, t)) for p, _ in s) for t in thresholds]
            print(f"| false: {name} | {hours:.2f} h | " + " | ".join(f"{k} ({k / hours:.1f}/h)" for k in n) + " |", flush=True)


def export(net, path):
    """The usual shape of an openWakeWord head: [1, 16, 96] → [1, 1], a probability."""
    import onnx
    from onnx import TensorProto as T
    from onnx import helper as h
    from onnx import numpy_helper as nh

    w1, b1, w2, b2, w3, b3 = net.ema
    f32 = lambda a: np.ascontiguousarray(a, np.float32)
    # The normalisation is folded into the first layer.
    consts = {"w1": f32(w1 / net.std[:, None]), "b1": f32(b1 - (net.mean / net.std) @ w1), "w2": f32(w2), "b2": f32(b2),
              "w3": f32(w3), "b3": f32(b3)}
    nodes = [
        h.make_node("MatMul", ["embeddings", "w1"], ["m1"]), h.make_node("Add", ["m1", "b1"], ["a1"]), h.make_node("Relu", ["a1"], ["r1"]),
        h.make_node("Flatten", ["r1"], ["f"], axis=1), h.make_node("Gemm", ["f", "w2", "b2"], ["a2"]), h.make_node("Relu", ["a2"], ["r2"]),
        h.make_node("Gemm", ["r2", "w3", "b3"], ["a3"]), h.make_node("Sigmoid", ["a3"], ["score"]),
    ]
    graph = h.make_graph(nodes, "hey_tendero", [h.make_tensor_value_info("embeddings", T.FLOAT, [1, 16, 96])],
                         [h.make_tensor_value_info("score", T.FLOAT, [1, 1])], [nh.from_array(a, n) for n, a in consts.items()])
    model = h.make_model(graph, producer_name="tendero", opset_imports=[h.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    print(f"wrote {path}, {os.path.getsize(path)} bytes, sha256 {digest}")


def real_sets(pool, work, speech):
    """Real speech and noise without the wake word, in two halves by file name."""
    half = lambda f: int(hashlib.md5(os.path.basename(f).encode()).hexdigest(), 16) % 2
    groups = {"orders": "cafe/audio/*.flac", "computer": "wake/computer/*.flac", "jarvis": "wake/jarvis/*.flac"}
    first, second = [], {}
    for name, pattern in groups.items():
        files = sorted(glob.glob(os.path.join(speech, pattern)))
        first += make(pool, work, f"real {name} a", [f for f in files if not half(f)], _real)
        second[f"real {name}"] = make(pool, work, f"real {name} b", [f for f in files if half(f)], _real)
    second["kitchen noise"] = make(pool, work, "kitchen", [os.path.join(speech, "cafe/kitchen.flac")], _real)
    return first, second


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--front-end", required=True)
    a.add_argument("--work", required=True)
    a.add_argument("--out")
    a.add_argument("--speech")
    a.add_argument("--train-real", action="store_true")
    a.add_argument("--seed", type=int, default=20260101)
    a.add_argument("--positives", type=int, default=2400)
    a.add_argument("--negatives", type=int, default=1200)
    a.add_argument("--steps", type=int, default=2400)
    a = a.parse_args()
    cache = os.path.join(a.work, "speech")
    os.makedirs(cache, exist_ok=True)
    with Pool(os.cpu_count(), _start, (a.front_end, a.seed, cache)) as pool:
        kind = lambda k, n: make(pool, a.work, k, [(k, i) for i in range(n)])
        tests = {k: kind(k, n) for k, n in [("held clean", 200), ("held 20 dB", 200), ("held 10 dB", 200), ("held neg", 300)]}
        pos = kind("pos", a.positives)
        neg = kind("neg", a.negatives) + kind("sound", a.negatives // 4)
        if a.speech:
            real, more = real_sets(pool, a.work, a.speech)
            tests |= more
            if a.train_real:
                neg += real
            else:
                tests["real speech, other half"] = real
    x, y = flat(pos, [1]), np.concatenate([flat(pos, [0]), flat(neg, [0])])
    print(f"{len(x)} positive and {len(y)} negative hops", flush=True)
    at = time.time()
    net = train(a.seed, x, y, a.steps)
    print(f"trained in {time.time() - at:.0f} s")
    report(net, tests, [0.5, 0.6, 0.7, 0.8, 0.9])
    if a.out:
        export(net, a.out)


if __name__ == "__main__":
    main()
