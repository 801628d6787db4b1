//! How a word sounds: from the International Phonetic Alphabet, or from its letters, to the
//! 39 phones of the CMU dictionary (ARPAbet without stress).
//!
//! Sounds that English lacks become their nearest English ones, as an English speaker would say
//! them. The IPA side is what espeak-ng writes (its voices `en-us`, `es` and `ro`).

/// The phones of the CMU dictionary.
pub const PHONES: [&str; 39] = [
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
];

/// IPA → ARPAbet. The longest match wins, whatever the order here.
const IPA: &[(&str, &str)] = &[
    // Diphthongs and r-coloured vowels.
    ("eɪ", "EY"),
    ("aɪ", "AY"),
    ("ɔɪ", "OY"),
    ("aʊ", "AW"),
    ("oʊ", "OW"),
    ("əʊ", "OW"),
    ("ɛɹ", "EH R"),
    ("ɛɚ", "EH R"),
    ("eə", "EH R"),
    ("ɪɹ", "IH R"),
    ("iə", "IY AH"),
    ("ɪə", "IH R"),
    ("ʊɹ", "UH R"),
    ("ʊə", "UH R"),
    ("ɔːɹ", "AO R"),
    ("oːɹ", "AO R"),
    ("ɑːɹ", "AA R"),
    ("aɪɚ", "AY ER"),
    ("aʊɚ", "AW ER"),
    ("ɜːɹ", "ER"),
    ("ɜː", "ER"),
    ("ɝ", "ER"),
    ("ɚ", "ER"),
    ("əɹ", "ER"),
    ("ai", "AY"),
    ("ei", "EY"),
    ("oi", "OY"),
    ("au", "AW"),
    ("eu", "EH UW"),
    ("ja", "Y AA"),
    ("je", "Y EH"),
    ("jo", "Y OW"),
    ("ju", "Y UW"),
    ("juː", "Y UW"),
    // Vowels.
    ("iː", "IY"),
    ("i", "IY"),
    ("ɪ", "IH"),
    ("ᵻ", "IH"),
    ("ɨ", "IH"),
    ("e", "EH"),
    ("eː", "EY"),
    ("ɛ", "EH"),
    ("ɛː", "EH"),
    ("æ", "AE"),
    ("a", "AA"),
    ("aː", "AA"),
    ("ɑ", "AA"),
    ("ɑː", "AA"),
    ("ɒ", "AA"),
    ("ɔ", "AO"),
    ("ɔː", "AO"),
    ("o", "OW"),
    ("oː", "OW"),
    ("ʊ", "UH"),
    ("u", "UW"),
    ("uː", "UW"),
    ("ʌ", "AH"),
    ("ə", "AH"),
    ("ɐ", "AH"),
    ("y", "UW"),
    ("ø", "ER"),
    ("œ", "ER"),
    // Consonants.
    ("p", "P"),
    ("b", "B"),
    ("t", "T"),
    ("d", "D"),
    ("k", "K"),
    ("ɡ", "G"),
    ("g", "G"),
    ("f", "F"),
    ("v", "V"),
    ("θ", "TH"),
    ("ð", "DH"),
    ("s", "S"),
    ("z", "Z"),
    ("ʃ", "SH"),
    ("ʒ", "ZH"),
    ("h", "HH"),
    ("tʃ", "CH"),
    ("dʒ", "JH"),
    ("m", "M"),
    ("n", "N"),
    ("ŋ", "NG"),
    ("l", "L"),
    ("ɫ", "L"),
    ("ɹ", "R"),
    ("r", "R"),
    ("ɾ", "D"),
    ("w", "W"),
    ("j", "Y"),
    ("n̩", "AH N"),
    ("l̩", "AH L"),
    ("m̩", "AH M"),
    ("əl", "AH L"),
    // Sounds that English lacks.
    ("ts", "T S"),
    ("dz", "D Z"),
    ("ɲ", "N Y"),
    ("ʎ", "L Y"),
    ("ʝ", "Y"),
    ("ɟ", "JH"),
    ("c", "K"),
    ("β", "B"),
    ("ɣ", "G"),
    ("x", "HH"),
    ("χ", "HH"),
    ("ç", "SH"),
    ("ɬ", "L"),
    ("ʁ", "R"),
    ("ɛ̃", "AE N"),
    ("ɑ̃", "AA N"),
    ("ɔ̃", "AO N"),
    ("ʲ", ""),
    ("ʔ", ""),
    ("ː", ""),
];

/// Spelling → ARPAbet, for a word without any better source. The longest match wins.
const LETTERS: &[(&str, &str)] = &[
    ("tch", "CH"),
    ("sch", "SH"),
    ("igh", "AY"),
    ("ch", "CH"),
    ("sh", "SH"),
    ("th", "TH"),
    ("ph", "F"),
    ("ck", "K"),
    ("ng", "NG"),
    ("qu", "K W"),
    ("wh", "W"),
    ("ee", "IY"),
    ("ea", "IY"),
    ("oo", "UW"),
    ("ou", "AW"),
    ("ow", "OW"),
    ("ai", "EY"),
    ("ay", "EY"),
    ("oy", "OY"),
    ("oi", "OY"),
    ("er", "ER"),
    ("ar", "AA R"),
    ("or", "AO R"),
    ("ci", "S IH"),
    ("ce", "S EH"),
    ("ge", "JH EH"),
    ("bb", "B"),
    ("dd", "D"),
    ("ff", "F"),
    ("gg", "G"),
    ("ll", "L"),
    ("mm", "M"),
    ("nn", "N"),
    ("pp", "P"),
    ("rr", "R"),
    ("ss", "S"),
    ("tt", "T"),
    ("zz", "Z"),
    ("a", "AE"),
    ("b", "B"),
    ("c", "K"),
    ("d", "D"),
    ("e", "EH"),
    ("f", "F"),
    ("g", "G"),
    ("h", "HH"),
    ("i", "IH"),
    ("j", "JH"),
    ("k", "K"),
    ("l", "L"),
    ("m", "M"),
    ("n", "N"),
    ("o", "OW"),
    ("p", "P"),
    ("q", "K"),
    ("r", "R"),
    ("s", "S"),
    ("t", "T"),
    ("u", "AH"),
    ("v", "V"),
    ("w", "W"),
    ("x", "K S"),
    ("y", "IY"),
    ("z", "Z"),
    ("á", "AA"),
    ("à", "AA"),
    ("â", "AH"),
    ("ä", "EH"),
    ("ã", "AA N"),
    ("ă", "AH"),
    ("ç", "S"),
    ("é", "EY"),
    ("è", "EH"),
    ("ê", "EH"),
    ("ë", "EH"),
    ("í", "IY"),
    ("î", "IH"),
    ("ï", "IY"),
    ("ñ", "N Y"),
    ("ó", "OW"),
    ("ò", "OW"),
    ("ô", "OW"),
    ("ö", "ER"),
    ("ú", "UW"),
    ("ù", "UW"),
    ("û", "UW"),
    ("ü", "UW"),
    ("ș", "SH"),
    ("ş", "SH"),
    ("ț", "T S"),
    ("ţ", "T S"),
    ("ß", "S"),
];

/// ARPAbet for IPA text, or `None` if no sound of it is known. Stress marks, ties, length marks
/// that stand alone and unknown signs are skipped.
///
/// ```
/// assert_eq!(tendero::hear::stt::g2p::from_ipa("tɛndˈɛɹoʊ").as_deref(), Some("T EH N D EH R OW"));
/// ```
pub fn from_ipa(ipa: &str) -> Option<String> {
    let plain: String = ipa.chars().filter(|c| !"ˈˌ͡‿.- _\u{200d}".contains(*c)).collect();
    translate(&plain, IPA)
}

/// ARPAbet guessed from the spelling of a word, or `None` if it has no letters that we know.
pub fn from_letters(word: &str) -> Option<String> {
    translate(&word.to_lowercase(), LETTERS)
}

fn translate(mut rest: &str, table: &[(&str, &str)]) -> Option<String> {
    let mut phones: Vec<&str> = Vec::new();
    while let Some(c) = rest.chars().next() {
        let hit = table.iter().filter(|(sound, _)| rest.starts_with(sound)).max_by_key(|(sound, _)| sound.len());
        rest = &rest[hit.map_or(c.len_utf8(), |(sound, _)| sound.len())..];
        phones.extend(hit.iter().flat_map(|(_, phones)| phones.split_whitespace()));
    }
    (!phones.is_empty()).then(|| phones.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipa_of_brands() {
        for (ipa, phones) in [
            ("hˈaɪntz", "HH AY N T Z"),
            ("nuːtˈɛlə", "N UW T EH L AH"),
            ("tʃˈɪkɪn", "CH IH K IH N"),
            ("ˈɔːɹəl bˈiː", "AO R AH L B IY"),
            ("bˈɑːɾəl", "B AA D AH L"),
            ("lˈet͡ʃe", "L EH CH EH"),
            ("kˈɜːtən", "K ER T AH N"),
        ] {
            assert_eq!(from_ipa(ipa).as_deref(), Some(phones), "{ipa}");
        }
        assert_eq!(from_ipa("ˈ ?"), None);
    }

    #[test]
    fn every_row_gives_known_phones() {
        for (sound, phones) in IPA.iter().chain(LETTERS) {
            assert!(phones.split_whitespace().all(|p| PHONES.contains(&p)), "{sound}: {phones}");
        }
    }

    #[test]
    fn letters_are_a_last_resort() {
        assert_eq!(from_letters("Tendero").as_deref(), Some("T EH N D ER OW"));
        assert_eq!(from_letters("123"), None);
        assert_eq!(from_letters(""), None);
    }

    #[test]
    #[cfg(feature = "espeak")]
    fn what_espeak_writes_is_understood() {
        let Ok(espeak) = crate::native::espeak::Espeak::open() else {
            eprintln!("left out: espeak-ng is not installed");
            return;
        };
        for word in ["tendero", "oral-b", "kleenex", "häagen", "ibuprofen", "yogurt", "whisky", "jalapeño"] {
            let ipa = espeak.phonemes_ipa(word, "en-us").unwrap();
            let known: String = ipa.chars().filter(|c| !"ˈˌ͡‿.- _\u{200d}".contains(*c)).collect();
            assert!(from_ipa(&ipa).is_some());
            let mut rest = known.as_str();
            while let Some(c) = rest.chars().next() {
                let hit = IPA.iter().filter(|(sound, _)| rest.starts_with(sound)).map(|(sound, _)| sound.len()).max();
                assert!(hit.is_some(), "{word}: {ipa}: {c:?} is not in the table");
                rest = &rest[hit.unwrap()..];
            }
        }
    }
}
