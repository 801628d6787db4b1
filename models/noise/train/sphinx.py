"""PocketSphinx's library by way of ctypes, its features in numpy, and the files of its model."""
import ctypes as C
import struct

import numpy as np

MODEL = "/usr/share/pocketsphinx/model/en-us/en-us/"
DICT = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"

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
set_jsgf = function(ps, "ps_set_jsgf_string", C.c_int, P, C.c_char_p, C.c_char_p)
set_search = function(ps, "ps_set_search", C.c_int, P, C.c_char_p)
start = function(ps, "ps_start_utt", C.c_int, P)
end = function(ps, "ps_end_utt", C.c_int, P)
process_cep = function(ps, "ps_process_cep", C.c_int, P, P, C.c_int, C.c_int, C.c_int)
seg_iter = function(ps, "ps_seg_iter", P, P)
seg_next = function(ps, "ps_seg_next", P, P)
seg_word = function(ps, "ps_seg_word", C.c_char_p, P)
seg_frames = function(ps, "ps_seg_frames", None, P, C.POINTER(C.c_int), C.POINTER(C.c_int))


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


# ---- the model

def gaussians(path):
    """[codebook, stream, density, 13]"""
    data = open(path, "rb").read()
    at = data.index(b"endhdr\n") + 7
    magic, books, streams, densities = struct.unpack("<I3i", data[at : at + 16])
    assert magic == 0x11223344 and streams == 3
    return np.frombuffer(data, "<f4", books * 3 * densities * 13, at + 32).reshape(books, 3, densities, 13).astype(np.float64)


def write_mixture_weights(path):
    """The model's own, from the bytes of its sendump (each a negative logarithm, 1024 times that of 1.0001) to floats for sphinxtrain."""
    data = open(MODEL + "sendump", "rb").read()
    length, at = None, 0
    while length != 0:  # Texts with their lengths, the last of them empty.
        (length,) = struct.unpack("<i", data[at : at + 4])
        at += 4 + length
    densities, senones = struct.unpack("<2i", data[at : at + 8])
    logs = np.frombuffer(data, np.uint8, 3 * densities * senones, at + 8).reshape(3, densities, senones)
    weights = np.exp(-0.1024 * logs.astype(float)).transpose(2, 0, 1)
    weights = (weights / weights.sum(2, keepdims=True)).astype("<f4")
    with open(path, "wb") as file:
        file.write(b"s3\nversion 1.0\nendhdr\n" + struct.pack("<I4i", 0x11223344, *weights.shape, weights.size) + weights.tobytes())
