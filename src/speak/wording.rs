//! Reply → sentence, one Fluent file for each language.
