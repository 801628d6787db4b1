#!/usr/bin/env python3
"""Makes a tiny Piper voice whose phonemes are tones, so that the engine can be tested without a published one.

    tests/piper/make_voice.py FOLDER NAME ESPEAK_VOICE [--seed N] [--speakers N]

Nothing in it was trained. The network has the inputs and the output of Piper's (VITS), and each phoneme is 40 ms of a sine of its own:
number n has 25 * (n + 8) Hz, so that a test can read the phonemes back from the sound; padding is silence. The seed deals the numbers
out to the phonemes. Only the standard library is used, and the result is the same to the byte each time.
"""

import argparse
import json
import math
import pathlib
import random
import struct

RATE = 22050
SAMPLES = 882  # of a phoneme: 40 ms, in which every tone has whole periods
STEP_HZ, FIRST = 25, 8
SPEAKER_HZ = 4000  # higher for each speaker
FLOAT, INT64 = 1, 7  # of ONNX

FRAME = "_^$"
OTHERS = (
    " !'(),-.:;?\"abcdefghijklmnopqrstuvwxyzæçðøħŋœɐɑɒɔɕɖɗɘəɚɛɜɞɟɠɡɢɣɤɥɦɧɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕʘʙʛʜʝʟʡʢʲˈˌːˑ˞βθχᵻⱱ"
    "\u0303\u0327\u0329\u032a\u032f\u0361"
)


def varint(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number, value):
    """A field of protobuf: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, kind, shape, values):
    raw = struct.pack(f"<{len(values)}{'f' if kind == FLOAT else 'q'}", *values)
    return b"".join(field(1, d) for d in shape) + field(2, kind) + field(8, name) + field(9, raw)


def node(op, inputs, output, **attributes):
    """Attributes are integers."""
    out = b"".join(field(1, i) for i in inputs) + field(2, output) + field(4, op)
    for key, value in attributes.items():
        out += field(5, field(1, key) + field(3, value) + field(20, 2))
    return out


def value(name, kind, shape):
    dims = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


def network(speakers):
    ramp = [2 * math.pi * n / RATE for n in range(SAMPLES)]
    constants = [
        tensor("one", INT64, [1], [1]),
        tensor("two", INT64, [1], [2]),
        tensor("shape", INT64, [3], [1, 1, -1]),
        tensor("half", FLOAT, [1], [0.5]),
        tensor("unit", FLOAT, [1], [1.0]),
        tensor("step", FLOAT, [1], [STEP_HZ]),
        tensor("first", FLOAT, [1], [STEP_HZ * FIRST]),
        tensor("ramp", FLOAT, [1, 1, SAMPLES], ramp),
    ]
    nodes = [
        node("Cast", ["input"], "ids", to=FLOAT),
        node("Mul", ["ids", "step"], "steps"),
        node("Add", ["steps", "first"], "hz_of_one"),
    ]
    hz = "hz_of_one"
    if speakers > 1:
        constants.append(tensor("speaker", FLOAT, [1], [SPEAKER_HZ]))
        nodes += [
            node("Cast", ["sid"], "sid_f", to=FLOAT),
            node("Mul", ["sid_f", "speaker"], "higher"),
            node("Add", [hz, "higher"], "hz_of_all"),
        ]
        hz = "hz_of_all"
    nodes += [
        # The middle one of the scales is the length: a slower voice is a lower one here.
        node("Gather", ["scales", "one"], "length", axis=0),
        node("Div", [hz, "length"], "hz"),
        node("Unsqueeze", ["hz", "two"], "hz_3"),
        node("Mul", ["hz_3", "ramp"], "phase"),
        node("Sin", ["phase"], "tone"),
        # Number 0, the padding, is silent, and so is a text without a length.
        node("Cast", ["input_lengths"], "lengths", to=FLOAT),
        node("Min", ["ids", "unit"], "sounds"),
        node("Min", ["lengths", "unit"], "is_there"),
        node("Mul", ["sounds", "is_there"], "loud"),
        node("Mul", ["loud", "half"], "amplitude"),
        node("Unsqueeze", ["amplitude", "two"], "amplitude_3"),
        node("Mul", ["tone", "amplitude_3"], "sound"),
        node("Reshape", ["sound", "shape"], "output"),
    ]
    inputs = [
        value("input", INT64, ["batch", "phonemes"]),
        value("input_lengths", INT64, ["batch"]),
        value("scales", FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(value("sid", INT64, ["batch"]))
    graph = b"".join(field(1, n) for n in nodes) + field(2, "tones") + b"".join(field(5, c) for c in constants)
    graph += b"".join(field(11, i) for i in inputs) + field(12, value("output", FLOAT, ["batch", 1, "time"]))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def settings(espeak_voice, seed, speakers):
    numbers = list(range(len(FRAME), len(FRAME) + len(OTHERS)))
    random.Random(seed).shuffle(numbers)
    ids = {c: [n] for n, c in enumerate(FRAME)} | {c: [n] for c, n in zip(OTHERS, numbers)}
    return {
        "audio": {"sample_rate": RATE, "quality": "none"},
        "espeak": {"voice": espeak_voice},
        "phoneme_type": "espeak",
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "num_symbols": len(ids),
        "num_speakers": speakers,
        "speaker_id_map": {f"s{n}": n for n in range(speakers)} if speakers > 1 else {},
        "phoneme_id_map": ids,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("name")
    parser.add_argument("espeak_voice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speakers", type=int, default=1)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    (args.folder / f"{args.name}.onnx").write_bytes(network(args.speakers))
    text = json.dumps(settings(args.espeak_voice, args.seed, args.speakers), ensure_ascii=False, indent=1)
    (args.folder / f"{args.name}.onnx.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
