//! Wake-word engines behind one trait.
