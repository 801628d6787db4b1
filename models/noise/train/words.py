"""What is said in a recording whose order is known."""
import ctypes as C
import glob
import itertools
import json
import os

import numpy as np

import sphinx

ASKS = """make me|make|make my|make the|can i have|can i get|may i have|may i get|could i have|could i get|can you make me|could you make me|i would like
|i'd like|i'd love|i want|i need|get me|get us|get|give me|give us|gimme|brew|brew me|bring me|we want|we need|i will have|i'll have|i'll take|let me have|let me get|please
make me|please give me|order|order me|have""".replace("\n", " ")
ARTICLES = "a|an|the|my|some|me a|one|another"


class Aligner:
    def __init__(self, speech):
        """`speech` holds the catalogue, one JSON file."""
        (catalogue,) = glob.glob(os.path.join(speech, "*.json"))
        self.products = {product["sku"]: product for product in json.load(open(catalogue))["products"]}
        options = {"-hmm": sphinx.MODEL, "-dict": sphinx.DICT, "-beam": "1e-80", "-wbeam": "1e-60", "-pbeam": "1e-70", "-wip": "0.2",
                   "-bestpath": "no"}
        arguments = [b"words"] + [x.encode() for pair in options.items() for x in pair]
        self.keep = (C.c_char_p * len(arguments))(*arguments)
        self.ps = sphinx.ps_init(sphinx.parse(None, sphinx.ps_args(), len(arguments), C.cast(self.keep, sphinx.P), 1))
        assert self.ps, "PocketSphinx does not start: sudo apt install libpocketsphinx3 pocketsphinx-en-us"

    def words(self, label, cepstra):
        """The words with their pronunciations and the pauses between them, as sphinxtrain wants them."""
        assert sphinx.set_jsgf(self.ps, b"a", self.grammar(label).encode()) == 0, label
        assert sphinx.set_search(self.ps, b"a") == 0
        frames = np.ascontiguousarray(cepstra, np.float32)
        rows = (sphinx.P * len(frames))(*[frames.ctypes.data + at * 52 for at in range(len(frames))])
        sphinx.start(self.ps), sphinx.process_cep(self.ps, C.cast(rows, sphinx.P), len(frames), 0, 1), sphinx.end(self.ps)
        out, at = [], sphinx.seg_iter(self.ps)
        while at:
            out.append(sphinx.seg_word(at).decode())
            at = sphinx.seg_next(at)
        out = [word for word in out if word != "(NULL)"]
        assert any(word[0] not in "<[" for word in out), f"{label['audio']} fits none of the sentences of its order"
        # The silence at both ends is in the marks that stand there.
        return out[1:-1]

    def grammar(self, label):
        """Every sentence that orders this: each option before the name or behind it, in any order."""
        (line,) = label["lines"]
        product = self.products[line["sku"]]
        says = [self.says(product, name, value) for name, value in line["options"].items()]
        early = [at for at, name in enumerate(line["options"]) if name not in ("milk", "sugar")]
        sentences = []
        for count in range(len(early) + 1):
            for before in itertools.permutations(early, count):
                for behind in itertools.permutations([at for at in range(len(says)) if at not in before]):
                    words = [says[at] for at in before] + ["<name>"]
                    words += [f"{'<with>' if place == 0 else '[<with>]'} {says[at]}" for place, at in enumerate(behind)]
                    sentences.append(" ".join(words))
        return (f"#JSGF V1.0;\ngrammar a;\n<name> = {'|'.join(product['says']['en'])};\n<with> = with | and | and with | with a | plus;\n"
                f"public <utterance> = [please | hi | hey | hello] [{ASKS}] [{ARTICLES}] ({'|'.join(sentences)}) [please | thanks | thank you];\n")

    @staticmethod
    def says(product, option, value):
        (values,) = [o["values"] for o in product["options"] if o["name"] == option]
        (phrases,) = [v["says"]["en"] for v in values if v["value"] == value]
        return f"({'|'.join(phrases)})"
