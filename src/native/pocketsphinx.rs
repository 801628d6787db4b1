//! libpocketsphinx: grammar-bound recognition of whole utterances.
