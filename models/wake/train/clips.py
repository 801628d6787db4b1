"""The clips that the head is trained and measured on: what is said, by whom, in which room,
and which hops are the wake word's."""
import os

import numpy as np

import synth
from features import HOP
from synth import RATE

HERE = os.path.dirname(os.path.abspath(__file__))
NOISES = ["white", "pink", "brown", "hum", "tones", "babble", "babble"]
# A hop that ends within this of the word's end is the wake word.
HIT_FROM, HIT_TO = -0.02, 0.34
# Before this the word is not over yet: a hit would be "hey tend".
EARLY = -0.26


def lines(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [l.strip() for l in f if l.strip() and not l.startswith("#")]


NEAR, COMMANDS, SPEECH = lines("near.txt"), lines("commands.txt"), lines("speech.txt")
WORDS = " ".join(lines("words.txt")).split()


class Maker:
    """Makes clip `index` of a kind; the same seed, kind and index always give the same clip."""

    def __init__(self, seed, held_out, cache):
        self.seed, self.held_out, self.cache = seed, held_out, cache
        self.rows = synth.voices(held_out)
        weight = np.array([r[1] for r in self.rows], float)
        self.p = weight / weight.sum()
        # Held-out negatives are other texts too, not only other voices.
        side = lambda texts: [t for i, t in enumerate(texts) if (i % 5 == 4) == held_out]
        self.speech, self.near = side(SPEECH), NEAR
        self.commands = side(COMMANDS)

    def rng(self, kind, index):
        return np.random.default_rng([self.seed, int(self.held_out), sum(map(ord, kind)), index])

    def voice(self, rng):
        return self.rows[rng.choice(len(self.rows), p=self.p)]

    def utter(self, rng, row, text):
        speed, pitch = int(rng.integers(115, 215)), int(rng.integers(15, 90))
        return synth.say(row[0], text, speed, pitch, int(rng.choice([0, 0, 0, 2, 5])), self.cache)

    def neighbour(self, index):
        """One of 240 sentences that babble is mixed from: few, so that each is synthesised once."""
        rng = self.rng("neighbour", index)
        return self.utter(rng, self.voice(rng), str(rng.choice(self.speech)))

    def salad(self, rng):
        return " ".join(rng.choice(WORDS, int(rng.integers(3, 12))))

    def bed(self, rng, n):
        kind = str(rng.choice(NOISES))
        if kind != "babble":
            return synth.noise(kind, n, rng)
        x = np.zeros(n, np.float32)
        for _ in range(int(rng.integers(1, 5))):  # one voice is a television
            at = 0
            while at < n:
                part = self.neighbour(int(rng.integers(0, 240)))
                x[at : at + len(part)] += part[: n - at]
                at += len(part) + int(rng.uniform(0, 0.3) * RATE)
        return x / (x.std() + 1e-6)

    def positive(self, index, kind="pos", snr_db="any", reverb=0.6):
        """→ (pcm, label for each hop: 1 wake word, 0 not, -1 either)."""
        rng = self.rng(kind, index)
        row = self.voice(rng)
        word = self.utter(rng, row, str(rng.choice(row[2])))
        if kind == "pos":
            word = synth.perturb(word, rng)
        lead = [np.zeros(int(rng.uniform(0.05, 1.6) * RATE), np.float32)]
        if rng.random() < 0.25:
            lead.insert(0, self.utter(rng, self.voice(rng), str(rng.choice(self.speech)))[-int(1.2 * RATE):])
        start = sum(map(len, lead))
        end = start + len(word)
        tail = np.zeros(int(0.8 * RATE), np.float32)
        if rng.random() < 0.55:
            said = self.utter(rng, row, str(rng.choice(self.commands)))
            said = np.concatenate([np.zeros(int(rng.uniform(0.0, 0.35) * RATE), np.float32), said, tail])
            tail = said[: len(tail)]
        x = np.concatenate(lead + [word, tail])
        x = np.pad(x, (0, -len(x) % HOP))
        if snr_db == "any":
            snr_db = float(rng.uniform(2, 30)) if rng.random() < 0.85 else None
        bed = self.bed(rng, len(x)) if snr_db is not None else None
        pcm = synth.in_room(x, rng, bed, snr_db, reverb)
        t = (np.arange(len(x) // HOP) + 1) * HOP / RATE - end / RATE
        label = np.where(t < EARLY, 0, -1)
        label[(t >= HIT_FROM) & (t <= HIT_TO)] = 1
        return pcm, label

    def negative(self, index, kind="neg"):
        rng = self.rng(kind, index)
        parts = []
        for _ in range(int(rng.integers(2, 4))):
            r = rng.random()
            near = r < 0.5
            text = str(rng.choice(self.near)) if near else str(rng.choice(self.speech + self.commands)) if r < 0.75 else self.salad(rng)
            said = self.utter(rng, self.voice(rng), text)
            parts += [synth.perturb(said, rng) if rng.random() < 0.7 else said]
            if near and rng.random() < 0.4:
                parts += [self.utter(rng, self.voice(rng), str(rng.choice(self.commands)))]
            parts += [np.zeros(int(rng.uniform(0.05, 0.7) * RATE), np.float32)]
        x = np.concatenate(parts)[: 7 * RATE]
        x = np.pad(x, (0, -len(x) % HOP))
        snr_db = float(rng.uniform(2, 30)) if rng.random() < 0.8 else None
        pcm = synth.in_room(x, rng, self.bed(rng, len(x)) if snr_db is not None else None, snr_db)
        return pcm, np.zeros(len(x) // HOP, int)

    def sound(self, index):
        """No speech, or only a murmur: noise, hum, tones, silence, clicks."""
        rng = self.rng("sound", index)
        n = 40 * HOP
        x = synth.noise("sweep", n, rng) if rng.random() < 0.5 else self.bed(rng, n)
        x = x * 10 ** (-rng.uniform(8, 55) / 20)
        if rng.random() < 0.3:
            x[rng.integers(0, n, 12)] += rng.uniform(-1, 1, 12)
        if rng.random() < 0.1:
            x[:] = 0
        return np.clip(x * 32767, -32768, 32767).astype(np.int16), np.zeros(40, int)
