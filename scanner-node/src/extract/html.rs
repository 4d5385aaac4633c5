//! HTML: text, attributes, comments, scripts and styles, each as its own part.
//!
//! Owns which parts there are. Entities are undone by the tokenizer. Text runs on across inline tags and
//! breaks at all others, so that `4111 <b>1111</b>` stays one number and two cells stay two.
//! **Invariant:** nothing that a reader of the page or of its source could see is skipped.

use std::io::Read;

use html5gum::{DefaultEmitter, IoReader, StartTag, Token, Tokenizer};

use super::block::Cutter;
use super::charset::Decoded;
use super::layout::Layout;
use super::{Halt, Limits, Outlet, text};

/// Tags that do not break the text.
const INLINE: &[&[u8]] = &[
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"cite", b"code", b"del", b"dfn", b"em", b"font", b"i",
    b"ins", b"kbd", b"mark", b"q", b"s", b"samp", b"small", b"span", b"strong", b"sub", b"sup",
    b"tt", b"u", b"var", b"wbr",
];

/// Reads the page; what is beyond the limit is read as plain text.
pub(super) fn read(
    input: &mut Decoded<'_>,
    limits: &Limits,
    out: &mut Outlet<'_>,
) -> Result<(), Halt> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let reader = IoReader::new(Read::take(&mut *input, limits.markup_bytes));
    let mut page = Page {
        body: Cutter::new(0, out.place(Some("body")), Layout::Fixed),
        raw: None,
    };
    for token in Tokenizer::new_with_emitter(reader, emitter) {
        page.token(token.map_err(Halt::from)?, out)?;
    }
    page.end_raw(out)?;
    page.body.finish(out)?;
    if input.fill()?.is_empty() {
        return Ok(());
    }
    text::read_from(input, page.body.position(), Layout::Fixed, out)
}

struct Page {
    body: Cutter,
    /// The script or style that is open.
    raw: Option<Cutter>,
}

impl Page {
    fn token(&mut self, token: Token, out: &mut Outlet<'_>) -> Result<(), Halt> {
        match token {
            Token::StartTag(tag) => self.start(&tag, out),
            Token::EndTag(tag) => {
                self.end_raw(out)?;
                self.break_unless_inline(&tag.name, out)
            }
            Token::String(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                self.raw.as_mut().unwrap_or(&mut self.body).push(&text, out)
            }
            Token::Comment(text) => self.aside("comment", &text, out),
            Token::Doctype(_) | Token::Error(_) => Ok(()),
        }
    }

    fn start(&mut self, tag: &StartTag<()>, out: &mut Outlet<'_>) -> Result<(), Halt> {
        for value in tag.attributes.values() {
            self.aside("attribute", value, out)?;
        }
        let part = match tag.name.as_slice() {
            b"script" => "script",
            b"style" => "style",
            name => return self.break_unless_inline(name, out),
        };
        let place = out.place(Some(part));
        self.raw = Some(Cutter::new(self.body.position(), place, Layout::Fixed));
        Ok(())
    }

    fn break_unless_inline(&mut self, name: &[u8], out: &mut Outlet<'_>) -> Result<(), Halt> {
        if INLINE.contains(&name) {
            Ok(())
        } else {
            self.body.push("\n", out)
        }
    }

    /// A text of its own, beside the body.
    fn aside(&self, part: &str, text: &[u8], out: &mut Outlet<'_>) -> Result<(), Halt> {
        if text.is_empty() {
            return Ok(());
        }
        let mut cutter = Cutter::new(self.body.position(), out.place(Some(part)), Layout::Fixed);
        cutter.push(&String::from_utf8_lossy(text), out)?;
        cutter.finish(out)
    }

    fn end_raw(&mut self, out: &mut Outlet<'_>) -> Result<(), Halt> {
        match self.raw.take() {
            Some(mut raw) => raw.finish(out),
            None => Ok(()),
        }
    }
}
