"""PocketSphinx's library by way of ctypes, its features in numpy, and the Gaussians of its model."""
import ctypes as C
import re
import struct

import numpy as np

MODEL = "/usr/share/pocketsphinx/model/en-us/en-us/"
DICT = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"
PHONES = """AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH""".split()

P = C.c_void_p
base = C.CDLL("libsphinxbase.so.3", mode=C.RTLD_GLOBAL)
ps = C.CDLL("libpocketsphinx.so.3")


def function(lib, name, result, *arguments):
    f = getattr(lib, name)
    f.restype, f.argtypes = result, list(arguments)
    return f


function(base, "err_set_callback", None, P, P)(None, None)
function(base, "err_set_logfp", None, P)(None)
ps_args = function(ps, "ps_args", P)
parse = function(base, "cmd_ln_parse_r", P, P, P, C.c_int, P, C.c_int)
ps_init = function(ps, "ps_init", P, P)
add_word = function(ps, "ps_add_word", C.c_int, P, C.c_char_p, C.c_char_p, C.c_int)
set_jsgf = function(ps, "ps_set_jsgf_string", C.c_int, P, C.c_char_p, C.c_char_p)
set_search = function(ps, "ps_set_search", C.c_int, P, C.c_char_p)
start = function(ps, "ps_start_utt", C.c_int, P)
end = function(ps, "ps_end_utt", C.c_int, P)
process_cep = function(ps, "ps_process_cep", C.c_int, P, P, C.c_int, C.c_int, C.c_int)
seg_iter = function(ps, "ps_seg_iter", P, P)
seg_next = function(ps, "ps_seg_next", P, P)
seg_word = function(ps, "ps_seg_word", C.c_char_p, P)
seg_frames = function(ps, "ps_seg_frames", None, P, C.POINTER(C.c_int), C.POINTER(C.c_int))


class Aligner:
    """Finds which phone is spoken when, given the phones."""

    def __init__(self):
        options = {"-hmm": MODEL, "-dict": DICT, "-beam": "1e-80", "-wbeam": "1e-60", "-pbeam": "1e-70", "-wip": "0.2",
                   "-bestpath": "no"}
        words = [b"align"] + [x.encode() for pair in options.items() for x in pair]
        self.keep = (C.c_char_p * len(words))(*words)
        self.ps = ps_init(parse(None, ps_args(), len(words), C.cast(self.keep, P), 1))
        assert self.ps, "PocketSphinx does not start: sudo apt install libpocketsphinx3 pocketsphinx-en-us"
        for phone in PHONES:
            add_word(self.ps, f"%{phone}".encode(), phone.encode(), 0)

    def align(self, cepstra, phones):
        """(phone, first frame, last frame) ..."""
        jsgf = "#JSGF V1.0;\ngrammar a;\npublic <utterance> = " + " ".join("%" + p for p in phones) + ";"
        assert set_jsgf(self.ps, b"a", jsgf.encode()) == 0 and set_search(self.ps, b"a") == 0
        c = np.ascontiguousarray(cepstra, np.float32)
        rows = (P * len(c))(*[c.ctypes.data + i * 52 for i in range(len(c))])
        start(self.ps), process_cep(self.ps, C.cast(rows, P), len(c), 0, 1), end(self.ps)
        out, first, last, at = [], C.c_int(), C.c_int(), seg_iter(self.ps)
        while at:
            seg_frames(at, C.byref(first), C.byref(last))
            word = seg_word(at).decode()
            out.append(("SIL" if word.startswith("<") else word.strip("%"), first.value, last.value))
            at = seg_next(at)
        return out


# ---- the features of feat.params: 25 filters from 130 to 6800 Hz, orthonormal DCT, lifter 22

def filters():
    mel, unmel = lambda h: 2595 * np.log10(1 + h / 700), lambda m: 700 * (10 ** (m / 2595) - 1)
    width, bins = (mel(6800) - mel(130)) / 26, 16000 / 512
    out = np.zeros((25, 257))
    for i in range(25):
        low, mid, high = (np.floor(unmel((i + j) * width + mel(130)) / bins + 0.5) * bins for j in range(3))
        hz = np.arange(257) * bins
        out[i] = np.clip(np.minimum((hz - low) / (mid - low), (high - hz) / (high - mid)), 0, None) * 2 / (high - low)
    return out


FILTERS = filters()
DCT = np.cos(np.pi * np.arange(13)[:, None] * (np.arange(25)[None] + 0.5) / 25) * np.sqrt(2 / 25)
DCT[0] = np.sqrt(1 / 25)
DCT *= (1 + 11 * np.sin(np.arange(13) * np.pi / 22))[:, None]
WINDOW = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(410) / 409)


def cepstra(x):
    x = np.asarray(x, np.float64)
    y = np.append(x[0], x[1:] - 0.97 * x[:-1])
    at = np.arange(410)[None] + 160 * np.arange(1 + (len(y) - 410) // 160)[:, None]
    power = np.abs(np.fft.rfft(y[at] * WINDOW, 512)) ** 2
    return np.log(np.maximum(power @ FILTERS.T, 1e-4)) @ DCT.T


def streams(c, kept):
    """Cepstra less their mean over the kept frames, their first and second differences (1s_c_d_dd)."""
    c = c - c[kept[: len(c)]].mean(0)
    p = np.concatenate([np.repeat(c[:1], 4, 0), c, np.repeat(c[-1:], 4, 0)])
    at = lambda k: p[4 + k : 4 + k + len(c)]
    return [c, at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))]


# ---- the model

def gaussians(name):
    """[codebook, stream, density, 13]"""
    data = open(MODEL + name, "rb").read()
    at = data.index(b"endhdr\n") + 7
    magic, books, streams_, densities = struct.unpack("<I3i", data[at : at + 16])
    assert magic == 0x11223344 and streams_ == 3
    return np.frombuffer(data, "<f4", books * 3 * densities * 13, at + 32).reshape(books, 3, densities, 13).astype(np.float64)


def codebooks():
    """The phone of each codebook."""
    known = PHONES + ["SIL", "+NSN+", "+SPN+"]
    names = [n.decode() for n in re.findall(rb"[A-Z+]{1,5}(?=\0)", open(MODEL + "mdef", "rb").read()[:4000])]
    names = [n for n in names if n in known][:42]
    assert len(names) == 42
    return names
