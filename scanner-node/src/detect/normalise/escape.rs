//! Escapes of single characters: HTML entities, percent-encoding, backslashes.
//!
//! Owns reading one escape and what it stands for. Leaves to `sweep` whether that matters.
//! **Invariant:** an escape is read once, so that `&amp;lt;` is `&lt;` as it is on a reader's screen; what is
//! no escape is none of its business.
//!
//! # Source
//! Slack escapes `&`, `<` and `>`, and nothing else; the rest comes in pasted HTML, URLs (RFC 3986, section
//! 2.1) and strings of JSON (RFC 8259, section 7) and JavaScript.

/// Longest entity read, from its `&` to its `;`.
const LONGEST_ENTITY: usize = 10;
/// Entities by name.
const NAMED: &[(&[u8], char)] = &[
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"nbsp", ' '),
    (b"commat", '@'),
    (b"period", '.'),
    (b"colon", ':'),
    (b"sol", '/'),
    (b"equals", '='),
    (b"hyphen", '-'),
    (b"ndash", '-'),
    (b"lowbar", '_'),
    (b"num", '#'),
    (b"dollar", '$'),
    (b"percnt", '%'),
    (b"plus", '+'),
    (b"shy", '\u{AD}'),
];

/// What an escape stands for and how many bytes it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escape {
    pub(super) stands_for: char,
    pub(super) bytes: usize,
}

/// Reads `&name;`, `&#52;` or `&#x34;` at the start of `text`.
pub(super) fn entity(text: &[u8]) -> Option<Escape> {
    let head = text.get(..LONGEST_ENTITY.min(text.len()))?;
    let end = memchr::memchr(b';', head)?;
    let name = head.get(1..end)?;
    let stands_for = match name {
        [b'#', b'x' | b'X', hex @ ..] => char::from_u32(number(hex, 16)?)?,
        [b'#', decimal @ ..] => char::from_u32(number(decimal, 10)?)?,
        _ => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some(Escape {
        stands_for,
        bytes: end + 1,
    })
}

/// Reads `%XX`, or as many of them as one character of UTF-8 takes, at the start of `text`.
pub(super) fn percent(text: &[u8]) -> Option<Escape> {
    let first = percent_byte(text)?;
    let wide = match first {
        0..0x80 => 1,
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    let slots = bytes.get_mut(..wide)?;
    for (slot, coded) in slots.iter_mut().zip(text.chunks(3)) {
        *slot = percent_byte(coded)?;
    }
    let stands_for = std::str::from_utf8(slots).ok()?.chars().next()?;
    Some(Escape {
        stands_for,
        bytes: wide * 3,
    })
}

/// Reads `\u0034`, `\x34`, `\n` and their like at the start of `text`.
pub(super) fn backslash(text: &[u8]) -> Option<Escape> {
    let (stands_for, bytes) = match text.get(1)? {
        b'u' => return unicode(text),
        b'x' => (char::from_u32(number(text.get(2..4)?, 16)?)?, 4),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        sign @ (b'"' | b'\'' | b'/' | b'\\') => (char::from(*sign), 2),
        _ => return None,
    };
    Some(Escape { stands_for, bytes })
}

/// `\uXXXX`, or two of them that are one character.
fn unicode(text: &[u8]) -> Option<Escape> {
    let high = number(text.get(2..6)?, 16)?;
    if !(0xD800..0xDC00).contains(&high) {
        let stands_for = char::from_u32(high)?;
        return Some(Escape {
            stands_for,
            bytes: 6,
        });
    }
    let [b'\\', b'u', digits @ ..] = text.get(6..12)? else {
        return None;
    };
    let low = number(digits, 16)?
        .checked_sub(0xDC00)
        .filter(|low| *low < 0x400)?;
    let stands_for = char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)?;
    Some(Escape {
        stands_for,
        bytes: 12,
    })
}

fn percent_byte(text: &[u8]) -> Option<u8> {
    let digits = text.get(..3)?.strip_prefix(b"%")?;
    u8::try_from(number(digits, 16)?).ok()
}

/// A number of nothing but digits.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(escape: Option<Escape>) -> Option<(char, usize)> {
        escape.map(|escape| (escape.stands_for, escape.bytes))
    }

    #[test]
    fn reads_entities() {
        assert_eq!(read(entity(b"&amp;lt;")), Some(('&', 5)));
        assert_eq!(read(entity(b"&#52;")), Some(('4', 5)));
        assert_eq!(read(entity(b"&#x34;1")), Some(('4', 6)));
        for none in [
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#+4;",
            "&nope;",
            "&#1114112;",
            "& amp;",
            "&amp",
        ] {
            assert_eq!(entity(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn reads_percent_encoding_by_the_character() {
        assert_eq!(read(percent(b"%34x")), Some(('4', 3)));
        assert_eq!(read(percent(b"%D0%B0")), Some(('а', 6)));
        for none in ["%", "%4", "%4g", "%+4", "%D0", "%D0%41", "%FF%FF", "%C0%80"] {
            assert_eq!(percent(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn reads_backslash_escapes() {
        assert_eq!(read(backslash(br"\u0034")), Some(('4', 6)));
        assert_eq!(read(backslash(br"\ud83d\ude4f")), Some(('🙏', 12)));
        assert_eq!(read(backslash(br"\x34")), Some(('4', 4)));
        assert_eq!(read(backslash(br#"\"a"#)), Some(('"', 2)));
        assert_eq!(read(backslash(br"\n")), Some(('\n', 2)));
        for none in [
            r"\",
            r"\d",
            r"\u12",
            r"\ud83d",
            r"\ud83d\u0041",
            r"\udc00",
            r"\xg1",
        ] {
            assert_eq!(backslash(none.as_bytes()), None, "{none}");
        }
    }
}
