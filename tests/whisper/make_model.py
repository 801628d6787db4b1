#!/usr/bin/env python3
"""Makes a small Whisper model in ggml's format, so that the engine can be tested without a real one.

    tests/whisper/make_model.py FILE [--says TEXT | --silent] [--drop-space]

Nothing in it was trained: its weights are random (the same each time) and packed as Q5_1, but for those of the last layer of its
decoder, which say which token follows which. So it runs through everything that a real one runs through, and answers TEXT ("order
milk") whatever it hears; asked for the language it finds Spanish; --silent makes it sure that nobody spoke, and --drop-space leaves
out the word without which the library ends the process. Only the standard library is used.
"""

import argparse
import math
import pathlib
import random
import struct

WORDS, AUDIO_CTX, TEXT_CTX, MELS, BINS = 51865, 1500, 448, 80, 201
STATE, HEADS, AUDIO_LAYERS, TEXT_LAYERS = 64, 2, 4, 4
F32, F16, Q5_1 = 0, 1, 7
FILE_Q5_1 = 9
# Numbers of special tokens where the vocabulary is of 99 languages.
END, START, SPANISH, NO_SPEECH, NO_TIMES = 50257, 50258, 50262, 50362, 50363
# How loud an answer is against what went before, and how sure.
LOUD, SURE = 10.0, 5.0
BLOCK = 32


def half(value):
    return struct.unpack("<e", struct.pack("<e", value))[0]


def random_blocks(rng, count, size):
    """Blocks of random numbers with the deviation `size`: 5 bits each between -15.5 and 15.5 steps."""
    step = half(size / 9.23)
    head = struct.pack("<ee", step, half(-15.5 * step))
    data = rng.randbytes(20 * count)
    return b"".join(head + data[20 * n : 20 * n + 20] for n in range(count))


def pack(values):
    """Q5_1: for each 32 numbers a step, a least, the fifth bits, and four bits each."""
    out = []
    for at in range(0, len(values), BLOCK):
        block = values[at : at + BLOCK]
        least = half(min(block))
        step = half((max(block) - least) / 31) or half(6e-8)
        steps = [min(31, max(0, round((value - least) / step))) for value in block]
        fifth = sum((q >> 4 & 1) << n for n, q in enumerate(steps))
        fours = bytes((steps[n] & 15) | (steps[n + 16] & 15) << 4 for n in range(16))
        out.append(struct.pack("<eeI", step, least, fifth) + fours)
    return b"".join(out)


def unpack(data):
    values = []
    for at in range(0, len(data), 24):
        step, least, fifth = struct.unpack_from("<eeI", data, at)
        fours = data[at + 8 : at + 24]
        low = [b & 15 for b in fours] + [b >> 4 for b in fours]
        values += [least + step * (q | (fifth >> n & 1) << 4) for n, q in enumerate(low)]
    return values


def unit(vector):
    mean = sum(vector) / len(vector)
    vector = [x - mean for x in vector]
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def tensor(name, shape, kind, data):
    name = name.encode()
    return struct.pack("<iii", len(shape), len(name), kind) + struct.pack(f"<{len(shape)}i", *shape) + name + data


def floats(name, shape, values):
    return tensor(name, shape, F32, struct.pack(f"<{len(values)}f", *values))


def norm(name, gain=1.0):
    return floats(f"{name}.weight", [STATE], [gain] * STATE) + floats(f"{name}.bias", [STATE], [0.0] * STATE)


class Model:
    def __init__(self, rng):
        self.rng = rng

    def weights(self, name, rows, columns, size):
        """A matrix that maps `columns` numbers to `rows`."""
        return tensor(name, [columns, rows], Q5_1, random_blocks(self.rng, rows * columns // BLOCK, size))

    def kernel(self, name, channels):
        values = [self.rng.uniform(-0.1, 0.1) for _ in range(3 * channels * STATE)]
        return tensor(name, [3, channels, STATE], F16, struct.pack(f"<{len(values)}e", *values))

    def attention(self, name, size=0.02):
        out = norm(f"{name}_ln")
        for part in ["query", "key", "value", "out"]:
            out += self.weights(f"{name}.{part}.weight", STATE, STATE, size)
            if part != "key":
                out += floats(f"{name}.{part}.bias", [STATE], [0.0] * STATE)
        return out

    def layers(self, name, rows, size=0.02):
        """Two layers; `rows`: pairs of what the first looks for and what the second answers, or none."""
        out = norm(f"{name}_ln")
        if not rows:
            first = random_blocks(self.rng, 4 * STATE * STATE // BLOCK, size)
            second = random_blocks(self.rng, 4 * STATE * STATE // BLOCK, size)
            threshold = 0.0
        else:
            # The norm before it makes each vector 8 long: what is looked for gives 8 - 4, anything else about -4, which is nothing.
            nothing = [[0.0] * STATE] * (4 * STATE - len(rows))
            first = pack(sum([wanted for wanted, _ in rows] + nothing, []))
            second = pack([LOUD * rows[k][1][n] if k < len(rows) else 0.0 for n in range(STATE) for k in range(4 * STATE)])
            threshold = -4.0
        out += tensor(f"{name}.0.weight", [STATE, 4 * STATE], Q5_1, first)
        out += floats(f"{name}.0.bias", [4 * STATE], [threshold] * 4 * STATE)
        out += tensor(f"{name}.2.weight", [4 * STATE, STATE], Q5_1, second)
        out += floats(f"{name}.2.bias", [STATE], [0.0] * STATE)
        return out


def vocabulary(says, drop_space):
    """Single bytes, then the words of the answer, then words that nobody says."""
    words = [bytes([n]) for n in range(256)] + [b" " + word.encode() for word in says.split()]
    words += [f" word{n}".encode() for n in range(len(words), END)]
    return [b"\0\0" if drop_space and word == b" " else word for word in words]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--says", default="order milk")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--drop-space", action="store_true")
    args = parser.parse_args()
    rng = random.Random(7)
    model = Model(rng)
    words = vocabulary(args.says, args.drop_space)
    said = [256 + n for n in range(len(args.says.split()))]

    embedding = random_blocks(rng, WORDS * STATE // BLOCK, 1 / math.sqrt(STATE))
    row = len(embedding) // WORDS
    meant = lambda token: unit(unpack(embedding[token * row : (token + 1) * row]))
    path = [NO_TIMES, NO_SPEECH] if args.silent else [NO_TIMES, *said, END]
    follows = [*zip(path, path[1:]), (START, SPANISH)]
    rows = [(meant(before), meant(after)) for before, after in follows]

    out = [struct.pack("<I", 0x67676D6C)]
    header = [WORDS, AUDIO_CTX, STATE, HEADS, AUDIO_LAYERS, TEXT_CTX, STATE, HEADS, TEXT_LAYERS, MELS, FILE_Q5_1]
    out.append(struct.pack("<11i", *header))
    # Each band takes a few bins; a real model's bands are wider apart above.
    filters = [0.02 if band * 2 <= bin < band * 2 + 4 else 0.0 for band in range(MELS) for bin in range(BINS)]
    out.append(struct.pack("<ii", MELS, BINS) + struct.pack(f"<{len(filters)}f", *filters))
    out.append(struct.pack("<i", len(words)) + b"".join(struct.pack("<i", len(word)) + word for word in words))

    waves = [math.sin(n / 10000 ** (i / STATE)) for n in range(AUDIO_CTX) for i in range(STATE)]
    out.append(floats("encoder.positional_embedding", [STATE, AUDIO_CTX], waves))
    for conv, channels in [("conv1", MELS), ("conv2", STATE)]:
        out.append(model.kernel(f"encoder.{conv}.weight", channels))
        out.append(floats(f"encoder.{conv}.bias", [1, STATE], [0.0] * STATE))
    out.append(norm("encoder.ln_post"))
    for layer in range(AUDIO_LAYERS):
        block = f"encoder.blocks.{layer}"
        out += [model.attention(f"{block}.attn"), model.layers(f"{block}.mlp", None)]

    out.append(floats("decoder.positional_embedding", [STATE, TEXT_CTX], [0.0] * STATE * TEXT_CTX))
    out.append(tensor("decoder.token_embedding.weight", [STATE, WORDS], Q5_1, embedding))
    out.append(norm("decoder.ln", SURE))
    for layer in range(TEXT_LAYERS):
        block = f"decoder.blocks.{layer}"
        out += [model.attention(f"{block}.{name}", 0.002) for name in ["attn", "cross_attn"]]
        is_last = layer == TEXT_LAYERS - 1
        out.append(model.layers(f"{block}.mlp", rows if is_last else None, 0.002))
    args.file.write_bytes(b"".join(out))


if __name__ == "__main__":
    main()
