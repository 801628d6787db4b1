"""Speech by free synthesisers, and what a room does to it.

Gives 16 kHz float arrays. Everything random comes from the numpy generator that is passed
in, so a seed repeats it. Never plays or records sound and never reads the network.
"""
import hashlib
import io
import os
import shutil
import subprocess
import tempfile

import numpy as np
import soundfile as sf
from scipy.signal import fftconvolve, lfilter, resample_poly

RATE = 16_000

# espeak-ng's voices speak English best for an English phrase; the others are the accents of
# the households: each row is (voice, spellings of the wake word in that voice).
ENGLISH = [
    "hey tendero", "hey tendero", "Hey, tendero!", "hey tendero?", "[[h'eI tEnd'e@roU]]", "[[h'eI tEnd'I@roU]]",
    "[[h'eI t'End@roU]]", "[[h,eI tEnd'E*oU]]", "[[h'eI tend'e*o]]", "hey ten dairoh",
]
BASES = {
    "en-us": ENGLISH, "en-gb": ENGLISH, "en": ENGLISH, "en-gb-x-rp": ENGLISH, "en-029": ENGLISH,
    "en-gb-x-gbclan": ENGLISH, "en-gb-x-gbcwmd": ENGLISH, "en-us-nyc": ENGLISH, "en-gb-scotland": ENGLISH,
    "es": ["jei tendero", "ey, tendero", "hey tendero", "[[h'eI tend'e*o]]"],
    "es-419": ["jei tendero", "ey, tendero", "[[h'eI tend'e*o]]"],
    "ro": ["hei tendero", "hei, tendero!"],
    "it": ["ehi tendero", "hei tendèro"],
    "de": ["hej tendero", "hey, tendero"],
    "pl": ["hej tendero"],
    "pt-br": ["rei tendero"],
    "nl": ["hee tendero"],
}
BASE_WEIGHT = {"en-us": 4, "en-gb": 4, "en": 2, "es": 2, "es-419": 2, "ro": 2}
VARIANTS = ["", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "klatt", "klatt2", "klatt3",
            "klatt4", "Alex", "Andy", "Annie", "Denis", "Jacky", "Lee", "Mario", "Michael", "Mike", "adam", "anika",
            "antonio", "aunty", "belinda", "benjamin", "boris", "david", "ed", "edward", "grandma", "grandpa", "iven",
            "iven3", "john", "kaukovalta", "linda", "max", "miguel", "norbert", "pablo", "quincy", "rob", "robert",
            "shelby", "steph", "steph3", "travis", "victor", "zac", "Diogo", "Gene", "Hugo", "Marco", "Andrea", "Alicia"]
# Never heard in training: they measure how the head does on a new voice. Three of the five
# voices of the demo's matrix are among them.
HELD_OUT_VARIANTS = {"f3", "m7", "m3", "klatt3", "Annie", "Michael", "steph3", "victor", "aunty"}
HELD_OUT_BASES = {"en-gb-scotland"}
# Concatenated and statistical voices of real people, where flite and festival are installed.
FLITE = ["kal16", "awb", "slt", "rms"]
HELD_OUT_FLITE = {"rms"}
FLITE_WAKE = ["hey tendero", "hey ten dare oh", "hey tenderro", "Hey, tendero.", "hey ten dairo"]


def _run(argv, stdin=None):
    return subprocess.run(argv, input=stdin, capture_output=True, check=True).stdout


def _trim(x, floor=0.01):
    """Without the silence at both ends: the end of the word is where its label is put."""
    frame = 160
    n = len(x) // frame
    if n == 0:
        return x
    level = np.sqrt((x[: n * frame].reshape(n, frame) ** 2).mean(axis=1))
    loud = np.flatnonzero(level > floor * level.max())
    return x[loud[0] * frame : (loud[-1] + 1) * frame] if len(loud) else x


def say(voice, text, speed=160, pitch=50, gap=0, cache=None):
    """`text` by `voice` ("espeak:en-us+f3", "flite:slt", "festival:..."), trimmed, 16 kHz."""
    key = hashlib.sha256(repr((voice, text, speed, pitch, gap)).encode()).hexdigest()[:24]
    path = os.path.join(cache, key + ".npy") if cache else None
    if path and os.path.exists(path):
        return np.load(path).astype(np.float32) / 32768
    engine, name = voice.split(":", 1)
    if engine == "espeak":
        wav = _run(["espeak-ng", "-v", name, "-s", str(speed), "-p", str(pitch), "-g", str(gap), "--stdout", text])
    elif engine == "flite":
        with tempfile.NamedTemporaryFile(suffix=".wav") as out:
            _run(["flite", "-voice", name, "--setf", f"duration_stretch={160 / speed:.3f}", "-t", text, out.name])
            wav = open(out.name, "rb").read()
    else:
        wav = _run(["text2wave", "-eval", f"(voice_{name})"], text.encode())
    # espeak-ng writes to a pipe without knowing the length; sf copes when told the size.
    fixed = bytearray(wav)
    fixed[4:8] = (len(wav) - 8).to_bytes(4, "little")
    at = fixed.find(b"data")
    fixed[at + 4 : at + 8] = (len(wav) - at - 8).to_bytes(4, "little")
    x, rate = sf.read(io.BytesIO(bytes(fixed)), dtype="float32")
    if x.ndim > 1:
        x = x[:, 0]
    if rate != RATE:
        g = np.gcd(rate, RATE)
        x = resample_poly(x, RATE // g, rate // g).astype(np.float32)
    x = _trim(x)
    x = x / max(1e-6, np.abs(x).max()) * 0.5
    if path:
        np.save(path, (x * 32767).astype(np.int16))
    return x


def voices(held_out):
    """(voice, weight, spellings) of one side of the split."""
    rows = []
    for base, spellings in BASES.items():
        for variant in VARIANTS:
            new = variant in HELD_OUT_VARIANTS or base in HELD_OUT_BASES
            if new == held_out:
                name = f"espeak:{base}+{variant}" if variant else f"espeak:{base}"
                rows.append((name, BASE_WEIGHT.get(base, 1), spellings))
    espeak_weight = sum(r[1] for r in rows)
    natural = []
    if shutil.which("flite"):
        natural += [f"flite:{v}" for v in FLITE if (v in HELD_OUT_FLITE) == held_out]
    if shutil.which("text2wave"):
        natural += ["festival:cmu_us_slt_arctic_hts"] if held_out else []  # flite's kal16 is festival's kal
    # A quarter of the speech comes from them: they are nearer to people than formants are.
    rows += [(v, espeak_weight / 3 / len(natural), FLITE_WAKE) for v in natural]
    return rows


def noise(kind, n, rng):
    """Noise of unit RMS: white, pink, brown, hum, tones like music, or sweeps like sirens and beeps."""
    if kind == "tones":
        t = np.arange(n) / RATE
        x = np.zeros(n)
        at = 0
        while at < n:
            length = int(rng.uniform(0.1, 0.6) * RATE)
            part = slice(at, min(n, at + length))
            for _ in range(rng.integers(1, 4)):
                f = 110 * 2 ** (rng.integers(0, 48) / 12)
                for h in range(1, 5):
                    x[part] += np.sin(2 * np.pi * f * h * t[part]) / h * np.exp(-(t[part] - t[at]) * rng.uniform(1, 8))
            at += length
    elif kind == "sweep":
        t = np.arange(n) / RATE
        low, high = sorted(np.exp(rng.uniform(np.log(80), np.log(6000), 2)))
        if rng.random() < 0.5:
            f = low + (high - low) * (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 5) * t + rng.uniform(0, 6)))
        else:
            f = low + (high - low) * np.mod(t / rng.uniform(0.5, n / RATE) * rng.choice([-1, 1]), 1)
        phase = 2 * np.pi * np.cumsum(f) / RATE
        depth = rng.uniform(0, 1)
        level = 1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(1, 9) * t))
        x = level * sum(np.sin(h * phase) / h ** rng.uniform(0.5, 2) for h in range(1, int(rng.integers(2, 6))))
        x = x + rng.standard_normal(n) * 10 ** (-rng.uniform(0.5, 4))
    elif kind == "hum":
        t = np.arange(n) / RATE
        x = sum(np.sin(2 * np.pi * 50 * h * t + rng.uniform(0, 6)) / h for h in range(1, 9)) + 0.1 * rng.standard_normal(n)
    else:
        spectrum = np.fft.rfft(rng.standard_normal(n))
        f = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 30)
        slope = {"white": 0, "pink": 0.5, "brown": 1}[kind]
        x = np.fft.irfft(spectrum / f**slope, n)
    return (x / max(1e-9, x.std())).astype(np.float32)


def room(rng):
    """An impulse response: the direct sound and an exponentially decaying tail."""
    rt60 = rng.uniform(0.1, 0.6)
    n = int(rt60 * RATE)
    tail = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    start = int(rng.uniform(0.001, 0.01) * RATE)
    tail[:start] = 0
    tail = lfilter([1], [1, -rng.uniform(0, 0.6)], tail)
    ir = tail / np.sqrt((tail**2).sum()) * 10 ** (-rng.uniform(0, 14) / 20)
    ir[0] = 1
    return ir.astype(np.float32)


def perturb(x, rng):
    """Another speaker of the same words: resampled (formants and pace), another tilt."""
    up = int(rng.integers(88, 114))
    x = resample_poly(x, 100, up).astype(np.float32)
    if rng.random() < 0.5:
        a = rng.uniform(-0.6, 0.6)
        x = lfilter([1, a], [1], x).astype(np.float32)
    return x


def in_room(x, rng, bed, snr_db=None, reverb=0.6):
    """`x` in a room over `bed` (unit RMS noise or babble), at a random level, as int16."""
    if rng.random() < reverb:
        x = fftconvolve(x, room(rng))[: len(x)]
    speech = np.sqrt((x**2).mean()) + 1e-6
    if snr_db is not None:
        x = x + bed[: len(x)] * speech * 10 ** (-snr_db / 20)
    x = x / (np.abs(x).max() + 1e-9) * 10 ** (-rng.uniform(1, 26) / 20)
    x = x + rng.standard_normal(len(x)) * 10 ** (-rng.uniform(60, 90) / 20)
    return np.clip(x * 32767, -32768, 32767).astype(np.int16)
