#!/usr/bin/env python3
"""Makes a tiny Vosk model whose words are tones, so that the engine can be tested without a real one.

    tests/vosk/make_model.py FOLDER

Nothing in it was trained: each phone is a sine of its own over a little noise, and the network compares a frame's MFCC with that
of each phone. The formats are Kaldi's text form and OpenFst's binary one. Only the standard library is used, and the result is
the same to the byte each time.
"""

import cmath
import math
import pathlib
import random
import struct
import sys

RATE, WINDOW, SHIFT, FFT = 16000, 400, 160, 512
BINS, CEPS, LIFTER = 23, 13, 22.0
# Of the sounds, Hz; none is silence, and "loud" is loud noise.
SIL, SPN = 1, 2
PHONES = {SIL: None, SPN: "loud", 3: 300, 4: 600, 5: 1000, 6: 1600, 7: 2500}
# Each word is begun and ended by phones that do nothing else, or is one of its own.
BEGIN, END, SINGLE = {3}, {4}, {2, 5, 6, 7}
WORDS = {"[unk]": [SPN], "order": [3, 4], "milk": [5], "bread": [6], "it": [7]}
NAMES = ["<eps>", *WORDS, "#0"]
SPREAD = 60.0  # the variance of every number of a frame
OFTEN = 0.5    # of staying in a phone
UNLIKELY = 12.0  # what a frame of "[unk]" costs: between two tones there are some that are like neither


def sound(kind, samples, rng):
    noise = 3000 if kind == "loud" else 30
    wave = [rng.uniform(-noise, noise) for _ in range(samples)]
    if isinstance(kind, int):
        wave = [x + 8000 * math.sin(2 * math.pi * kind * n / RATE) for n, x in enumerate(wave)]
    return wave


def mel(hz):
    return 1127.0 * math.log(1.0 + hz / 700.0)


def filters():
    low, high = mel(20), mel(RATE / 2)
    step = (high - low) / (BINS + 1)
    bank = []
    for b in range(BINS):
        left, centre, right = (low + step * (b + i) for i in range(3))
        weights = []
        for k in range(FFT // 2):
            m = mel(RATE / FFT * k)
            if left < m < right:
                weights.append((k, (m - left) / (centre - left) if m <= centre else (right - m) / (right - centre)))
        bank.append(weights)
    return bank


def fft(x):
    if len(x) == 1:
        return x
    even, odd = fft(x[::2]), fft(x[1::2])
    turned = [cmath.exp(-2j * math.pi * k / len(x)) * o for k, o in enumerate(odd)]
    return [e + t for e, t in zip(even, turned)] + [e - t for e, t in zip(even, turned)]


def mfcc(frame, bank):
    """As Kaldi computes it without dither and energy."""
    mean = sum(frame) / len(frame)
    frame = [x - mean for x in frame]
    frame = [frame[0] * 0.03] + [b - 0.97 * a for a, b in zip(frame, frame[1:])]
    frame = [x * (0.5 - 0.5 * math.cos(2 * math.pi * n / (WINDOW - 1))) ** 0.85 for n, x in enumerate(frame)]
    power = [abs(x) ** 2 for x in fft(frame + [0.0] * (FFT - WINDOW))]
    logs = [math.log(max(sum(w * power[k] for k, w in weights), 1e-7)) for weights in bank]
    ceps = []
    for c in range(CEPS):
        scale = math.sqrt((1.0 if c == 0 else 2.0) / BINS)
        value = scale * sum(x * math.cos(math.pi / BINS * (n + 0.5) * c) for n, x in enumerate(logs))
        ceps.append(value * (1.0 + 0.5 * LIFTER * math.sin(math.pi * c / LIFTER)))
    return ceps


def templates():
    rng, bank, frames = random.Random(7), filters(), 20
    means = []
    for kind in PHONES.values():
        wave = sound(kind, WINDOW + SHIFT * frames, rng)
        found = [mfcc(wave[SHIFT * f : SHIFT * f + WINDOW], bank) for f in range(frames)]
        means.append([sum(column) / frames for column in zip(*found)])
    return means


def vector(values):
    return " [ " + " ".join(f"{x:.6g}" for x in values) + " ]\n"


def matrix(rows):
    return " [\n" + "".join("  " + " ".join(f"{x:.6g}" for x in row) + "\n" for row in rows).rstrip("\n") + " ]\n"


def acoustic_model():
    phones = " ".join(map(str, PHONES))
    count = len(PHONES)
    means = templates()
    rows = [[x / SPREAD for x in mean] for mean in means]
    bias = [-sum(x * x for x in mean) / 2 / SPREAD - UNLIKELY * (p == SPN) for p, mean in zip(PHONES, means)]
    return (
        "<TransitionModel> \n<Topology> \n<TopologyEntry> \n<ForPhones> \n" + phones + "\n</ForPhones> \n"
        f"<State> 0 <PdfClass> 0 <Transition> 0 {OFTEN} <Transition> 1 {1 - OFTEN} </State> \n<State> 1 </State> \n"
        "</TopologyEntry> \n</Topology> \n"
        f"<Triples> {count} \n" + "".join(f"{p} 0 {p - 1} \n" for p in PHONES) + "</Triples> \n"
        "<LogProbs> \n" + vector([0.0] + [math.log(OFTEN), math.log(1 - OFTEN)] * count) + "</LogProbs> \n</TransitionModel> \n"
        "<Nnet3> \n"
        f"input-node name=input dim={CEPS}\n"
        "component-node name=compare component=compare input=input\n"
        "output-node name=output input=compare objective=linear\n\n"
        "<NumComponents> 1 \n<ComponentName> compare <FixedAffineComponent> <LinearParams> " + matrix(rows)
        + "<BiasParams> " + vector(bias) + "</FixedAffineComponent> </Nnet3> "
        "<LeftContext> 0 <RightContext> 0 <Priors> [ ]\n"
    )


def stay(phone):
    return 2 * phone - 1


def go(phone):
    return 2 * phone


def lexicon():
    """Words to transition-ids, in Kaldi's order: the way out of a phone comes first. States: (final, arcs)."""
    states = [[0.0, []]]
    for word, phones in [(None, [SIL]), *WORDS.items()]:
        at = 0
        for n, phone in enumerate(phones):
            label = NAMES.index(word) if word and n == 0 else 0
            states.append([math.inf, [(stay(phone), 0, -math.log(OFTEN), len(states))]])
            states[at][1].append((go(phone), label, -math.log(1 - OFTEN), len(states) - 1))
            at = len(states) - 1
        states[at][1].append((0, 0, 0.0, 0))
    return states


def any_words():
    return [[0.0, [(NAMES.index(w), NAMES.index(w), math.log(len(WORDS)), 0) for w in WORDS]]]


def symbols():
    body = struct.pack("<i", 2125658996) + text("words") + struct.pack("<qq", len(NAMES), len(NAMES))
    return body + b"".join(text(name) + struct.pack("<q", n) for n, name in enumerate(NAMES))


def text(value):
    value = value.encode()
    return struct.pack("<i", len(value)) + value


def fst(states, with_symbols=False, sort=0):
    arcs = sum(len(arcs) for _, arcs in states)
    out = struct.pack("<i", 2125659606) + text("vector") + text("standard")
    out += struct.pack("<iiQqqq", 2, 2 if with_symbols else 0, 3, 0, len(states), arcs)
    out += symbols() if with_symbols else b""
    for final, arcs in states:
        out += struct.pack("<fq", final, len(arcs))
        out += b"".join(struct.pack("<iifi", *arc) for arc in sorted(arcs, key=lambda arc: arc[sort]))
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    position = lambda p: "nonword" if p == SIL else "begin" if p in BEGIN else "end" if p in END else "singleton"
    files = {
        "am/final.mdl": acoustic_model().encode(),
        "conf/mfcc.conf": b"--sample-frequency=16000\n--use-energy=false\n--dither=0\n",
        "conf/model.conf": b"--min-active=200\n--max-active=3000\n--beam=13.0\n--lattice-beam=8.0\n--acoustic-scale=1.0\n"
        b"--frame-subsampling-factor=1\n--endpoint.silence-phones=1\n",
        "graph/HCLr.fst": fst(lexicon(), sort=1),
        "graph/Gr.fst": fst(any_words(), with_symbols=True),
        "graph/words.txt": "".join(f"{name} {n}\n" for n, name in enumerate(NAMES)).encode(),
        "graph/disambig_tid.int": b"1000\n",
        "graph/phones/word_boundary.int": "".join(f"{p} {position(p)}\n" for p in PHONES).encode(),
    }
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
