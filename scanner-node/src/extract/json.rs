//! JSON, and one JSON value a line: every string and number with its pointer.
//!
//! Owns a reader that keeps no document and does not recurse, so that neither size nor nesting can hurt
//! it. A member's value is emitted with its key in front as context: `ssn: 536904399`; the block owns
//! both, and the value's offset is that of its first byte in the file. Escapes are undone.
//! **Invariant:** what cannot be understood as JSON is read as plain text, and said to be malformed.

use serde::de::IgnoredAny;
use shared::content::{GapReason, Location};

use super::block::Cutter;
use super::charset::Decoded;
use super::layout::Layout;
use super::{Halt, Limits, Outlet, text};

/// Longer keys are cut in pointers and in the context.
const KEY_BYTES: usize = 256;

/// Whether a text that starts like this is JSON as far as it goes.
pub(super) fn looks_like(start: &str) -> bool {
    let values = serde_json::Deserializer::from_str(start).into_iter::<IgnoredAny>();
    let mut values = values.map(|value| value.err().is_none_or(|error| error.is_eof()));
    values.all(|sound| sound)
}

/// Reads all values of `input`.
pub(super) fn read(
    input: &mut Decoded<'_>,
    limits: &Limits,
    out: &mut Outlet<'_>,
) -> Result<(), Halt> {
    let mut walk = Walk {
        input,
        at: 0,
        line: 1,
        open: Vec::new(),
        deeper: 0,
        depth: limits.depth,
    };
    let sound = walk.values(out)?;
    let (at, line, cut) = (walk.at, walk.line, input.is_cut());
    if !sound {
        text::read_from(input, at, Layout::Lines { line }, out)?;
        if !cut {
            out.gap(GapReason::Malformed);
        }
    }
    Ok(())
}

/// An array or object that is open.
struct Level {
    is_array: bool,
    index: u64,
    key: String,
    /// The next string is a key.
    key_next: bool,
}

struct Walk<'w, 'i> {
    input: &'w mut Decoded<'i>,
    /// Bytes read.
    at: u64,
    line: u64,
    open: Vec<Level>,
    /// Levels open beyond the limit.
    deeper: u64,
    depth: usize,
}

impl Walk<'_, '_> {
    /// Reads to the end, or to what is no JSON; whether all was sound.
    fn values(&mut self, out: &mut Outlet<'_>) -> Result<bool, Halt> {
        while let Some(c) = self.peek()? {
            match c {
                ' ' | '\t' | '\r' | '\n' | ':' => self.skip(c),
                ',' => {
                    self.skip(c);
                    self.next_member();
                }
                '{' | '[' => {
                    self.skip(c);
                    self.enter(c == '[');
                }
                '}' | ']' => {
                    if !self.leave(c == ']') {
                        return Ok(false);
                    }
                    self.skip(c);
                }
                '"' => {
                    self.skip(c);
                    if !self.string(out)? {
                        return Ok(false);
                    }
                }
                c if c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.') => {
                    if !self.bare(out)? {
                        return Ok(false);
                    }
                }
                _ => return Ok(false),
            }
        }
        Ok(self.open.is_empty() && self.deeper == 0)
    }

    fn peek(&mut self) -> Result<Option<char>, Halt> {
        Ok(self.input.fill()?.chars().next())
    }

    fn skip(&mut self, c: char) {
        self.input.consume(c.len_utf8());
        self.at += c.len_utf8() as u64;
        self.line += u64::from(c == '\n');
    }

    fn enter(&mut self, is_array: bool) {
        if self.deeper > 0 || self.open.len() >= self.depth {
            self.deeper += 1;
            return;
        }
        self.open.push(Level {
            is_array,
            index: 0,
            key: String::new(),
            key_next: !is_array,
        });
    }

    /// Closes a level; false if none of its kind is open.
    fn leave(&mut self, is_array: bool) -> bool {
        if self.deeper > 0 {
            self.deeper -= 1;
            return true;
        }
        self.open
            .pop()
            .is_some_and(|level| level.is_array == is_array)
    }

    fn next_member(&mut self) {
        if self.deeper > 0 {
            return;
        }
        if let Some(level) = self.open.last_mut() {
            level.index += 1;
            level.key_next = !level.is_array;
        }
    }

    /// A string, after its opening quote; false if the text ends inside of it.
    fn string(&mut self, out: &mut Outlet<'_>) -> Result<bool, Halt> {
        let deeper = self.deeper > 0;
        if let Some(level) = self
            .open
            .last_mut()
            .filter(|level| level.key_next && !deeper)
        {
            level.key_next = false;
            level.key.clear();
            return self.key(out);
        }
        let mut cutter = self.cutter(out);
        let closed = self.string_into(&mut |piece, out| cutter.push(piece, out), out)?;
        cutter.finish(out)?;
        Ok(closed)
    }

    /// A key: kept for pointers as far as it fits, and read like any text if it is longer.
    fn key(&mut self, out: &mut Outlet<'_>) -> Result<bool, Halt> {
        let mut key = String::new();
        let mut cutter = Cutter::new(self.at, self.location(out), Layout::Fixed);
        let closed = self.string_into(
            &mut |piece, out| {
                if key.len() < KEY_BYTES {
                    key.push_str(piece);
                }
                cutter.push(piece, out)
            },
            out,
        )?;
        cutter.finish(out)?;
        key.truncate(key.floor_char_boundary(KEY_BYTES));
        if let Some(level) = self.open.last_mut() {
            level.key = key;
        }
        Ok(closed)
    }

    /// A number or literal; false if it is neither.
    fn bare(&mut self, out: &mut Outlet<'_>) -> Result<bool, Halt> {
        let mut cutter = self.cutter(out);
        let mut token = String::new();
        while let Some(c) = self.peek()? {
            if !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
                break;
            }
            self.skip(c);
            if token.len() < KEY_BYTES {
                token.push(c);
            }
            cutter.push(c.encode_utf8(&mut [0; 4]), out)?;
        }
        if matches!(token.as_str(), "true" | "false" | "null") {
            return Ok(true);
        }
        cutter.finish(out)?;
        Ok(token.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    }

    /// A cutter for the value that starts here, its key in front.
    fn cutter(&self, out: &Outlet<'_>) -> Cutter {
        let cutter = Cutter::new(self.at, self.location(out), Layout::Fixed);
        match self.open.iter().rev().find(|level| !level.is_array) {
            Some(level) if !level.key.is_empty() => {
                cutter.with_context(&level.key).with_context(": ")
            }
            _ => cutter,
        }
    }

    fn location(&self, out: &Outlet<'_>) -> Location {
        let mut pointer = String::new();
        for level in &self.open {
            pointer.push('/');
            if level.is_array {
                pointer.push_str(&level.index.to_string());
            } else {
                pointer.push_str(&level.key.replace('~', "~0").replace('/', "~1"));
            }
        }
        Location {
            pointer: Some(pointer),
            line: Some(self.line),
            ..out.place(None)
        }
    }

    /// Hands the string's text on, escapes undone; whether its closing quote came.
    fn string_into(
        &mut self,
        sink: &mut dyn FnMut(&str, &mut Outlet<'_>) -> Result<(), Halt>,
        out: &mut Outlet<'_>,
    ) -> Result<bool, Halt> {
        loop {
            let rest = self.input.fill()?;
            if rest.is_empty() {
                return Ok(false);
            }
            let plain = memchr::memchr2(b'"', b'\\', rest.as_bytes()).unwrap_or(rest.len());
            let text = rest.get(..plain).unwrap_or_default();
            let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
            sink(text, out)?;
            self.input.consume(plain);
            self.at += plain as u64;
            self.line += lines as u64;
            match self.peek()? {
                Some('"') => {
                    self.skip('"');
                    return Ok(true);
                }
                Some('\\') => {
                    self.skip('\\');
                    if let Some(c) = self.escaped()? {
                        sink(c.encode_utf8(&mut [0; 4]), out)?;
                    }
                }
                _ => {}
            }
        }
    }

    /// What stands after a backslash.
    fn escaped(&mut self) -> Result<Option<char>, Halt> {
        let Some(c) = self.peek()? else {
            return Ok(None);
        };
        self.skip(c);
        Ok(Some(match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' | 'f' => ' ',
            'u' => self.unicode()?,
            other => other,
        }))
    }

    /// The character of `\uXXXX`, or of a pair of surrogates; U+FFFD for half of one.
    fn unicode(&mut self) -> Result<char, Halt> {
        let high = self.four_hex_digits()?;
        if !(0xd800..0xdc00).contains(&high) || !self.input.fill()?.starts_with("\\u") {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.skip('\\');
        self.skip('u');
        let low = self.four_hex_digits()?;
        let joined = 0x1_0000 + ((high - 0xd800) << 10) + (low & 0x3ff);
        Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_hex_digits(&mut self) -> Result<u32, Halt> {
        let mut number = 0;
        for _ in 0..4 {
            let Some((c, digit)) = self.peek()?.and_then(|c| Some((c, c.to_digit(16)?))) else {
                break;
            };
            self.skip(c);
            number = number << 4 | digit;
        }
        Ok(number)
    }
}
