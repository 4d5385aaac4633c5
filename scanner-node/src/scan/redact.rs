//! Places without values in them.
//!
//! Owns masking keys and names: a document may have a card number for a key, and a pointer to its value
//! shows it; a file may be called after one.
//! **Invariant:** a key is shown as far as the engine finds nothing in it, however unlikely.

use shared::content::TextUnit;

use crate::detect::{Engine, Scratch};

/// Longer keys are not shown: the reader cuts them, and half a value is none that the engine knows.
const LONGEST_KEY: usize = 128;

/// The pointer with values in its keys masked.
pub(super) fn pointer(engine: &Engine, scratch: &mut Scratch, pointer: &str) -> String {
    let keys: Vec<String> = pointer
        .split('/')
        .map(|key| masked(engine, scratch, key))
        .collect();
    keys.join("/")
}

fn masked(engine: &Engine, scratch: &mut Scratch, escaped: &str) -> String {
    if escaped.len() > LONGEST_KEY {
        return "…".to_owned();
    }
    let key = escaped.replace("~1", "/").replace("~0", "~");
    values(engine, scratch, key)
        .replace('~', "~0")
        .replace('/', "~1")
}

/// The text with values masked.
pub(super) fn values(engine: &Engine, scratch: &mut Scratch, text: String) -> String {
    let unit = TextUnit::plain(text);
    let (mut shown, mut from) = (String::new(), 0);
    for found in engine.scan(&unit, scratch).matches {
        shown.push_str(unit.text.get(from..found.span.start).unwrap_or_default());
        shown.push_str(&found.preview(&unit.text));
        from = found.span.end;
    }
    shown.push_str(unit.text.get(from..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use crate::detect::builtin;

    use super::*;

    fn shown(text: &str) -> String {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        pointer(&engine, &mut Scratch::new(), text)
    }

    #[test]
    fn ordinary_keys_stay_as_they_are() {
        for text in ["", "/a/0/b", "/with~1slash/and~0tilde", "/grün"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_value_in_a_key_is_masked() {
        assert_eq!(
            shown("/cards/4539578763621486/cvv"),
            "/cards/4539********1486/cvv"
        );
        let mail = shown("/by~1mail/ana@corp.io");
        assert!(!mail.contains("ana@corp.io") && mail.starts_with("/by~1mail/"));
    }

    #[test]
    fn a_long_key_is_not_shown() {
        assert_eq!(shown(&format!("/a/{}/b", "k".repeat(129))), "/a/…/b");
    }
}
