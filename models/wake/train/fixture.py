"""The numbers that the Rust front end is tested against, by ONNX Runtime, for a chirp.

    python fixture.py FRONT_END_FOLDER HEAD.onnx > chirp.txt
"""
import sys

import numpy as np
import onnxruntime as ort

from features import HOP, WINDOW, FrontEnd, windows

fe = FrontEnd(sys.argv[1])
head = ort.InferenceSession(sys.argv[2])
t = np.arange(30 * HOP) / 16000
level = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * t)
pcm = np.round(6000 * level * np.sin(2 * np.pi * (150 * t + 600 * t * t))).astype(np.int16)
warm = windows(fe.run(pcm))
frames = fe.frames(pcm)
print("# hop: the 96 numbers of the embedding from a cold start, then the head's probability from a quiet start.")
for hop in (9, 19, 29):
    end = (hop + 1) * 8
    embedding = fe.embed(frames[end - WINDOW : end])[0]
    p = head.run(None, {head.get_inputs()[0].name: warm[hop][None].astype(np.float32)})[0].item()
    print(f"{hop}:", " ".join(f"{v:.4f}" for v in embedding), f"{p:.5f}")
