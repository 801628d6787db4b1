//! A reply → the sentences in it, so that the first can sound while the next is made. Pure.
//!
//! Boundaries are those of Unicode (UAX #29), which leave "12.99" and "e.g. milk" whole; what they take for an end and is none, an
//! abbreviation before a capital letter or a number, is joined again.

use unicode_segmentation::UnicodeSegmentation;

/// The longest piece, in characters: about twenty seconds of speech. A longer sentence is parted at a comma or a space, since a
/// network's time and memory grow with what it is given at once.
const MOST: usize = 240;

/// Before a name or a title, in any of the three languages; lower case.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "st", "prof", "vs", "approx", "inc", "ltd", // en
    "sr", "sra", "srta", "dra", "ud", "uds", "avda", "pza", "aprox", // es
    "dl", "dna", "dnă", "str", "bd", "jud", "ing", "cca", // ro
];
/// Before a number.
const NUMBERED: &[&str] = &["no", "nr", "núm", "num", "n.º", "pág", "pag", "art", "ap", "bl"];

/// The sentences of `text` in their order, without the spaces around them; together they hold all that can be said of it.
pub fn sentences(text: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut open = String::new();
    let mut bounds = text.split_sentence_bounds().peekable();
    while let Some(piece) = bounds.next() {
        open.push_str(piece);
        if bounds.peek().is_some_and(|next| goes_on(&open, next)) {
            continue;
        }
        part(std::mem::take(&mut open).trim(), &mut sentences);
    }
    sentences
}

/// Does the sentence go on after what only looks like its end?
fn goes_on(so_far: &str, next: &str) -> bool {
    let Some(before) = so_far.trim_end().strip_suffix('.') else { return false };
    let word =
        before.rsplit(|c: char| c.is_whitespace() || "(\"„“¿¡".contains(c)).next().unwrap_or(before).to_lowercase();
    let letters = word.rsplit('.').next().unwrap_or(&word).chars();
    // "J. Smith", "EE. UU.", but not "I am.".
    let initial = letters.clone().count() == 1 && letters.clone().all(char::is_alphabetic);
    let number = next.trim_start().starts_with(|c: char| c.is_numeric());
    initial || ABBREVIATIONS.contains(&word.as_str()) || (number && NUMBERED.contains(&word.as_str()))
}

/// Adds `sentence`, in pieces of at most [`MOST`] characters.
fn part(sentence: &str, to: &mut Vec<String>) {
    let mut rest = sentence;
    while let Some((most, _)) = rest.char_indices().nth(MOST) {
        let head = &rest[..most];
        let at = head.rfind([',', ';', ':']).map(|at| at + 1).or_else(|| head.rfind(' ')).unwrap_or(most);
        to.push(rest[..at].trim().to_owned());
        rest = rest[at..].trim_start();
    }
    if rest.chars().any(char::is_alphanumeric) {
        to.push(rest.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_abbreviations_end_no_sentence() {
        for expected in [
            &["It is 12.99 euros.", "Say: order it, turtle, dinner."] as &[&str],
            &["One pack of Dr. Oetker baking powder, 1.49 EUR in all.", "Shall I order it?"],
            &["For Mr. Jones, from St. Mary Street no. 5.", "Noted!"],
            &["At 8 p.m. the shop closes."],
            &["What do they like best?", "Building, e.g. blocks."],
            &["Wait... there is more.", "Yes."],
            &["Son 1.299,00 euros.", "¿Lo pido?", "¡Listo!"],
            &["Hola, Sra. Pérez: aprox. 3 paquetes.", "Di: pide eso, tortuga, cena."],
            &["Envío a la Avda. Mayor núm. 7.", "Mañana."],
            &["Am notat: un pachet.", "Îl țin 10 minute."],
            &["Dl. Popescu, str. Lungă nr. 4, e gata.", "Costă 12,50 lei."],
            &["Shop says: \"It is late.\"", "Nothing was ordered."],
        ] {
            assert_eq!(sentences(&expected.join(" ")), expected);
        }
    }

    #[test]
    fn nothing_to_say_is_no_sentence_and_long_ones_are_parted() {
        for text in ["", " ", "...", "\n\n", "—"] {
            assert_eq!(sentences(text), Vec::<String>::new(), "{text:?}");
        }
        let long = "two packs of milk, ".repeat(40);
        let parts = sentences(&long);
        assert!(parts.len() > 3 && parts.iter().all(|part| part.chars().count() <= MOST && part.ends_with(',')));
        assert_eq!(parts.join(" "), long.trim());
        let unbroken = sentences(&"ă".repeat(1_000));
        assert_eq!((unbroken.len(), unbroken.concat().chars().count()), (5, 1_000));
    }

    #[test]
    fn every_word_is_kept() {
        let text = "Order 12 — the \"big\" one? (Nr. 5.)  Or: not…\tThen no";
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&sentences(text).join(" ")), words(text));
    }
}
