"""Sound → the 16 × 96 embeddings that the head sees, hop by hop, exactly as the daemon computes
them: 1280 new samples after 480 old ones → 8 mel frames → 76-frame window → embedding."""
import os

import numpy as np
import onnxruntime as ort

HOP, CONTEXT, WINDOW, STEPS = 1280, 480, 76, 16


class FrontEnd:
    def __init__(self, folder):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        load = lambda name: ort.InferenceSession(os.path.join(folder, name), options, providers=["CPUExecutionProvider"])
        self.mel, self.emb = load("melspectrogram.onnx"), load("embedding_model.onnx")
        self.mel_in, self.emb_in = self.mel.get_inputs()[0].name, self.emb.get_inputs()[0].name
        # The daemon starts as if two seconds of near-silence had gone before (Heard::quiet in
        # src/hear/wake/openwakeword.rs), so that the first word after the start counts.
        self.warm_mel, self.warm_emb = self._warm()

    def frames(self, pcm, before=None):
        """int16 → [hops * 8, 32] mel frames; `before`: the samples that went before, else silence."""
        before = np.zeros(CONTEXT, np.int16) if before is None else before[-CONTEXT:]
        padded = np.concatenate([before, pcm]).astype(np.float32)
        hops = len(pcm) // HOP
        chunks = [padded[None, h * HOP : h * HOP + HOP + CONTEXT] for h in range(hops)]
        return np.concatenate([self.mel.run(None, {self.mel_in: c})[0][0, 0] for c in chunks]) / 10 + 2

    def embed(self, frames):
        """Windows of 76 frames at each 8th frame → [n, 96]."""
        out = []
        for end in range(WINDOW, len(frames) + 1, 8):
            window = frames[None, end - WINDOW : end, :, None].astype(np.float32)
            out.append(self.emb.run(None, {self.emb_in: window})[0].reshape(96))
        return np.array(out, np.float32).reshape(-1, 96)

    def _warm(self):
        self.quiet = quiet(26 * HOP)
        frames = self.frames(self.quiet)
        return frames[-WINDOW + 8 :], self.embed(frames[(len(frames) - WINDOW) % 8 :])[-(STEPS - 1) :]

    def run(self, pcm):
        """int16 → one embedding for each hop, with the 15 of the silence before in front."""
        frames = np.concatenate([self.warm_mel, self.frames(pcm, self.quiet)])
        return np.concatenate([self.warm_emb, self.embed(frames)])


def quiet(n):
    """The daemon's near-silence: a 32-bit xorshift mapped to -2..=2."""
    s, out = 0x9E3779B9, np.empty(n, np.int16)
    for i in range(n):
        s ^= (s << 13) & 0xFFFFFFFF
        s ^= s >> 17
        s ^= (s << 5) & 0xFFFFFFFF
        out[i] = s % 5 - 2
    return out


def windows(embeddings):
    """[hops + 15, 96] → a view [hops, 16, 96]."""
    view = np.lib.stride_tricks.sliding_window_view(embeddings, STEPS, axis=0)
    return view.transpose(0, 2, 1)
