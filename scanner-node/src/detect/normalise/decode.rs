//! Text that was written in base64 or hex.
//!
//! Owns which runs are read, as what, and the view of what they say. Leaves finding runs to `runs`, how often
//! decoded text is decoded again to the views.
//! **Invariant:** a decoded run is shorter than the run; only what turns into mostly readable text is kept;
//! the work is linear and what is written never exceeds the budget.
//!
//! # Source
//! RFC 4648, sections 4 (standard), 5 (URL-safe) and 8 (hex); lines as RFC 2045 and PEM wrap them.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::change::Change;
use super::excerpt::Writer;
use super::map::{Map, Spot};
use super::runs::{Runs, SHORTEST, length};

/// Bytes in front of a run that come along: the name of what it holds.
const BEFORE: usize = 64;
/// So many characters of a run tell garbage from text.
const SAMPLE: usize = 32;
/// Most lines of one wrapped run.
const MOST_LINES: usize = 4_096;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Memory that decoding reuses.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// One line of a run: where it stands and how many bytes it says.
#[derive(Clone, Debug)]
struct Line {
    text: Range<usize>,
    says: usize,
}

impl Decoder {
    /// Writes the view of what the runs of `text` say, each behind what stands before it, into `view`. Takes
    /// what it writes from `budget`. `is_wanted` chooses runs.
    pub(super) fn decode(
        &mut self,
        text: &str,
        budget: &mut usize,
        is_wanted: impl Fn(&Range<usize>) -> bool,
        view: &mut String,
        map: &mut Map,
    ) {
        let mut writer = Writer {
            text,
            view,
            map,
            at: 0,
        };
        let mut runs = Runs::of(text.as_bytes());
        while let Some(run) = runs.next() {
            if !is_wanted(&run) {
                continue;
            }
            let read = self.read(text.as_bytes(), &run);
            // Lines of what turned out to be no text are not tried one by one.
            let end = self.lines.last().map_or(run.end, |line| line.text.end);
            runs.skip_to(end);
            let Some(change) = read else {
                continue;
            };
            let context = context(text, run.start, writer.at);
            let cost = self.bytes.len() + run.start - context + 1;
            if cost > *budget {
                break;
            }
            *budget -= cost;
            writer.skip_to(context);
            writer.copy_to(run.start);
            self.write(&mut writer, change);
        }
    }

    /// Reads a run, and the lines that continue it, into `bytes` and `lines`; none if that is no text.
    fn read(&mut self, text: &[u8], run: &Range<usize>) -> Option<Change> {
        self.bytes.clear();
        self.lines.clear();
        let first = text.get(run.clone())?;
        let coding = Coding::of(first);
        let sample = first.get(..SAMPLE.min(first.len()))?;
        self.append(sample, coding)?;
        if !is_readable_start(&self.bytes) {
            return None;
        }
        self.bytes.clear();
        let mut next = Some(run.clone());
        while let Some(line) = next.filter(|_| self.lines.len() < MOST_LINES) {
            let coded = text.get(line.clone()).unwrap_or_default();
            let Some(says) = self.append(coded, coding) else {
                break;
            };
            let end = line.end + padding(text, line.end);
            next = (end == line.end).then(|| next_line(text, &line)).flatten();
            self.lines.push(Line {
                text: line.start..end,
                says,
            });
        }
        self.is_text().then_some(coding.change())
    }

    /// Appends what `coded` says to `bytes`; none if it is not of the encoding.
    fn append(&mut self, coded: &[u8], as_what: Coding) -> Option<usize> {
        let from = self.bytes.len();
        self.bytes.resize(from + coded.len(), 0);
        let room = self.bytes.get_mut(from..)?;
        let says = as_what.decode(coded, room);
        self.bytes.truncate(from + says.unwrap_or(0));
        says
    }

    /// Whether `bytes` are text for the most part; what is not becomes `?`, byte by byte.
    fn is_text(&mut self) -> bool {
        let is_utf8 = std::str::from_utf8(&self.bytes).is_ok();
        let is_odd = |byte: u8| is_control(byte) || (byte >= 0x80 && !is_utf8);
        let odd = self.bytes.iter().filter(|byte| is_odd(**byte)).count();
        for byte in self.bytes.iter_mut().filter(|byte| is_odd(**byte)) {
            *byte = b'?';
        }
        !self.bytes.is_empty() && odd * 8 <= self.bytes.len()
    }

    fn write(&self, writer: &mut Writer<'_>, change: Change) {
        let start = writer.view.len();
        writer
            .view
            .push_str(std::str::from_utf8(&self.bytes).unwrap_or_default());
        let mut at = start;
        for line in &self.lines {
            writer.map.push(Spot::new(
                at..at + line.says,
                line.text.clone(),
                Some(change),
            ));
            at += line.says;
            writer.at = line.text.end;
        }
    }
}

/// How a run is read.
#[derive(Clone, Copy)]
enum Coding {
    Base64,
    Base64Url,
    Hex,
}

impl Coding {
    fn of(run: &[u8]) -> Self {
        if is_hex(run) {
            Self::Hex
        } else if run.iter().any(|byte| b"-_".contains(byte)) {
            Self::Base64Url
        } else {
            Self::Base64
        }
    }

    const fn change(self) -> Change {
        match self {
            Self::Hex => Change::Hex,
            Self::Base64 | Self::Base64Url => Change::Base64,
        }
    }

    fn decode(self, coded: &[u8], room: &mut [u8]) -> Option<usize> {
        let engine = match self {
            Self::Hex => return unhex(coded, room),
            Self::Base64 => &BASE64,
            Self::Base64Url => &BASE64_URL,
        };
        // One character left over is no byte; it may be a part of what follows.
        let whole = coded.len() - usize::from(coded.len() % 4 == 1);
        engine.decode_slice(coded.get(..whole)?, room).ok()
    }
}

/// From where on the text before a run comes along.
fn context(text: &str, run: usize, from: usize) -> usize {
    let near = run.saturating_sub(BEFORE).max(from);
    let between = text.as_bytes().get(near..run).unwrap_or_default();
    match memchr::memrchr(b'\n', between) {
        Some(line) => near + line + 1,
        None => text.ceil_char_boundary(near),
    }
}

/// Whether a run is of hex digits. One left over at its end is a part of what follows.
fn is_hex(run: &[u8]) -> bool {
    run.iter().all(u8::is_ascii_hexdigit)
}

fn unhex(coded: &[u8], room: &mut [u8]) -> Option<usize> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    for (slot, pair) in room.iter_mut().zip(coded.chunks_exact(2)) {
        let [high, low] = pair else {
            return None;
        };
        *slot = digit(*high)? << 4 | digit(*low)?;
    }
    Some(coded.len() / 2)
}

/// Whether decoded bytes may be the beginning of a text: UTF-8 as far as it goes, and nothing unprintable.
fn is_readable_start(bytes: &[u8]) -> bool {
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let odd = |byte: &&u8| is_control(**byte);
    let printable = |byte: &&u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if whole {
        bytes.iter().filter(odd).count() <= 1
    } else {
        bytes.iter().filter(printable).count() * 8 >= bytes.len() * 7
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !byte.is_ascii_whitespace()
}

/// How many `=` end a run.
fn padding(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter()
        .take(2)
        .take_while(|byte| **byte == b'=')
        .count()
}

/// The line that continues a wrapped run: full lines are of the same length, a multiple of four.
fn next_line(text: &[u8], line: &Range<usize>) -> Option<Range<usize>> {
    if !line.len().is_multiple_of(4) {
        return None;
    }
    let start = match text.get(line.end..)? {
        [b'\n', ..] => line.end + 1,
        [b'\r', b'\n', ..] => line.end + 2,
        _ => return None,
    };
    let len = length(text, start);
    let continues = (1..=line.len()).contains(&len) && line.len() >= SHORTEST;
    continues.then_some(start..start + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the runs of a text say.
    fn decoded(text: &str) -> (String, Map) {
        let (mut view, mut map) = (String::new(), Map::default());
        let mut budget = text.len() + 64;
        Decoder::default().decode(text, &mut budget, |_| true, &mut view, &mut map);
        (view, map)
    }

    fn says(text: &str) -> String {
        decoded(text).0
    }

    const LINE: &str = "password: correct-horse-battery-staple?>?>";

    #[test]
    fn base64_of_either_alphabet_is_read_with_and_without_padding() {
        for engine in [&BASE64, &BASE64_URL] {
            for padding in [0, 1, 2] {
                let plain = format!("{LINE}{}", "x".repeat(padding));
                let coded = engine.encode(&plain);
                assert_eq!(says(&coded), plain);
                assert_eq!(says(coded.trim_end_matches('=')), plain);
            }
        }
    }

    #[test]
    fn wrapped_lines_are_one_run() {
        let plain = LINE.repeat(4);
        let coded = BASE64.encode(&plain);
        for end in ["\n", "\r\n"] {
            let lines: Vec<&str> = coded
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            assert_eq!(says(&lines.join(end)), plain);
        }
    }

    #[test]
    fn hex_is_read() {
        let digits = LINE.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
        let coded: String = digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect();
        assert_eq!(says(&coded), LINE);
        assert_eq!(says(&coded.to_uppercase()), LINE);
        let one_more = format!("{coded}a");
        assert_eq!(says(&one_more), LINE, "half a byte behind hides nothing");
    }

    #[test]
    fn what_stands_before_comes_along() {
        let coded = BASE64.encode(LINE);
        assert_eq!(
            says(&format!("a\ntoken: {coded} b")),
            format!("\ntoken: {LINE}")
        );
    }

    #[test]
    fn what_is_no_text_is_left_alone() {
        for none in [
            "this-is-a-long-name-of-kebab-case-words-in-a-path",
            "/usr/local/share/applications/mimeinfo/cache/index",
            "d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "SomeVeryLongCamelCaseIdentifierInJavaCodeFactory",
            "12345678901234567890123456789012",
        ] {
            assert_eq!(says(none), "", "{none}");
        }
    }

    #[test]
    fn a_part_of_a_run_is_mapped_to_the_groups_that_hold_it() {
        let coded = BASE64.encode("key=abcdefghijklmnopqrstuvwxyz");
        let text = format!("see {coded}");
        let (view, map) = decoded(&text);
        let at = view.find("abcdef").unwrap();
        let span = map.to_text(&(at..at + 6));
        assert!(
            BASE64
                .decode(text.get(span).unwrap())
                .unwrap()
                .windows(6)
                .any(|part| part == b"abcdef")
        );
    }

    #[test]
    fn the_budget_ends_it() {
        let text = format!("{} ", BASE64.encode(LINE)).repeat(9);
        let (mut view, mut map) = (String::new(), Map::default());
        let mut budget = 3 * LINE.len() + 20;
        Decoder::default().decode(&text, &mut budget, |_| true, &mut view, &mut map);
        assert!(view.len() <= 3 * LINE.len() + 20);
        assert!(view.starts_with(LINE));
    }
}
