//! The words of a language: templates, numbers, units, and the short words of a dialogue.
//!
//! One data file for each language under `lexicon/`, compiled in; a maker may extend them.
