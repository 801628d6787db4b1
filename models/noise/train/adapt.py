"""Writes ../means.moves: how far each mean of PocketSphinx's acoustic model moves towards people's speech, in rooms with and
without noise, behind the daemon's noise removal (src/hear/denoise.rs).

    cargo build --release --manifest-path prepare/Cargo.toml
    python adapt.py --speech SPEECH --babble WAKE --out ../means.moves

Each recording is used clean and with noise of five loudnesses under it, made here (noise.py). What was said is known from its
label up to the words around it, so the recogniser chooses among those (words.py). Three rounds of sphinxtrain's Baum-Welch counts (bw) and
MAP means (map_adapt; Gauvain and Lee, "Maximum a posteriori estimation for multivariate Gaussian mixture observations of Markov
chains", 1994), always with the original model as the prior; then every move is halved, because the recordings are of one kind of shop: the whole
move makes words of other shops worse, the half does not. `--leave K` leaves every third recording from the K-th on for a measurement.
"""
import argparse
import json
import os
import struct
import subprocess
import tempfile

import numpy as np
import soundfile as sf

import noise
import sphinx
import words

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = "/usr/lib/sphinxtrain/"
PREPARE = os.path.join(HERE, "prepare/target/release/prepare")
LOUDNESS_DB = [(3, 8), (6, 12), (9, 16), (12, 20), (18, 26)]
ROUNDS, KEPT = 3, 0.5


def versions(rng, x, voices):
    """The recording as it is and under noise, 16 kHz mono i16."""
    yield x
    for low, high in LOUDNESS_DB:
        n = noise.noise(rng, len(x), voices)
        level = 10 ** (rng.uniform(low, high) / 10)
        y = x + np.sqrt(noise.loudest_frame(x) / (noise.loudest_frame(n) * level)) * n
        yield y * min(1, 32767 / np.abs(y).max())


def without_noise(x):
    """What the daemon's recogniser hears of it."""
    sound = np.round(x).astype("<i2").tobytes()
    return np.frombuffer(subprocess.run([PREPARE], input=sound, stdout=subprocess.PIPE, check=True).stdout, "<i2").astype(float)


def features(args, folder):
    """Writes the cepstra of all versions; returns their names and what is said in each."""
    rng, aligner = np.random.default_rng(args.seed), words.Aligner(args.speech)
    voices, out = noise.voices(args.babble), []
    for at, label in enumerate(json.loads(line) for line in open(os.path.join(args.speech, "labels.jsonl"))):
        x = sf.read(os.path.join(args.speech, label["audio"]), dtype="int16")[0].astype(float)
        said = None
        for version, y in enumerate(versions(rng, x, voices)):
            cepstra = sphinx.cepstra(without_noise(y)).astype("<f4")
            said = said or aligner.words(label, cepstra)
            if args.leave is not None and at % 3 == args.leave:
                continue
            name = f"{at:04d}_{version}"
            with open(os.path.join(folder, name + ".mfc"), "wb") as file:
                file.write(struct.pack("<i", cepstra.size) + cepstra.tobytes())
            out.append((name, said))
    return out


def adapt(folder, utterances):
    """The adapted means' file."""
    path = lambda name: os.path.join(folder, name)
    with open(path("names"), "w") as names, open(path("words"), "w") as texts:
        for name, said in utterances:
            print(name, file=names)
            print(f"<s> {' '.join(said)} </s> ({name})", file=texts)
    subprocess.run(["pocketsphinx_mdef_convert", "-text", sphinx.MODEL + "mdef", path("mdef")], check=True, capture_output=True)
    sphinx.write_mixture_weights(path("weights"))
    model = ["-moddeffn", path("mdef"), "-ts2cbfn", ".ptm.", "-varfn", sphinx.MODEL + "variances", "-mixwfn", path("weights"),
             "-tmatfn", sphinx.MODEL + "transition_matrices", "-accumdir", folder]
    means = sphinx.MODEL + "means"
    for number in range(ROUNDS):
        run(folder, "bw", *model, "-meanfn", means, "-feat", "1s_c_d_dd", "-svspec", "0-12/13-25/26-38",
            "-cmn", "batch", "-agc", "none", "-varnorm", "no", "-topn", "8", "-timing", "no", "-dictfn", sphinx.DICT,
            "-fdictfn", sphinx.MODEL + "noisedict", "-ctlfn", path("names"), "-lsnfn", path("words"), "-cepdir", folder)
        means = path(f"means{number}")
        run(folder, "map_adapt", *model, "-meanfn", sphinx.MODEL + "means", "-mapmeanfn", means)
        print(f"round {number + 1} of {ROUNDS} is done", flush=True)
    return means


def run(folder, tool, *arguments):
    log = os.path.join(folder, tool + ".log")
    with open(log, "w") as file:
        if subprocess.run([TOOLS + tool, *arguments], stdout=file, stderr=file).returncode != 0:
            raise SystemExit(f"{tool} failed:\n" + "".join(open(log, errors="replace").readlines()[-5:]))


def write(out, moved):
    """One scale for each number of a Gaussian, f32, then each move as i8: src/hear/stt/pocketsphinx/means.rs reads it."""
    moves = KEPT * (sphinx.gaussians(moved) - sphinx.gaussians(sphinx.MODEL + "means"))
    scales = np.maximum(np.abs(moves).max((0, 2)) / 127, 1e-9)
    steps = np.round(moves / scales[None, :, None, :]).astype(np.int8)
    with open(out, "wb") as file:
        file.write(scales.astype("<f4").tobytes() + steps.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("speech", "babble", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--leave", type=int, choices=[0, 1, 2])
    parser.add_argument("--seed", type=int, default=20260101)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        utterances = features(args, folder)
        print(f"{len(utterances)} utterances", flush=True)
        write(args.out, adapt(folder, utterances))


if __name__ == "__main__":
    main()
