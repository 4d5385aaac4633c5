//! Any file under any name: it is read to the end, in order, the same however its bytes arrive.

use std::io::{self, Read};

use scanner_node::extract::{Block, Flow, Hint, Limits, extract};
use shared::content::{Gap, Location};

/// What a file may call itself.
const NAMES: &[Option<&str>] = &[
    None,
    Some("a.txt"),
    Some("a.csv"),
    Some("a.tsv"),
    Some("a.json"),
    Some("a.jsonl"),
    Some("a.html"),
    Some("a.xml"),
    Some("a.md"),
    Some("a.bin"),
];
/// What a sender may call it.
const MEDIA_TYPES: &[Option<&str>] = &[
    None,
    Some("text/plain"),
    Some("application/json"),
    Some("text/html; charset=utf-8"),
    Some("text/csv"),
    Some("application/octet-stream"),
];
/// Bytes of a file that are read where the first byte asks for a limit.
const FEW_BYTES: u64 = 64;

/// The first byte chooses the name and the limits, the second the media type, the third how much arrives at
/// once; the rest is the file.
pub fn check(data: &[u8]) {
    let [name, media_type, chunk, file @ ..] = data else {
        return;
    };
    let hint = Hint {
        name: chosen(NAMES, *name),
        media_type: chosen(MEDIA_TYPES, *media_type),
    };
    let limits = if *name < 128 {
        Limits::default()
    } else {
        Limits {
            total_bytes: FEW_BYTES,
            depth: 2,
            markup_bytes: FEW_BYTES / 2,
        }
    };
    let whole = read(&mut &*file, &hint, &limits);
    let mut pieces = Pieces {
        rest: file,
        most: usize::from(*chunk).max(1),
    };
    let in_pieces = read(&mut pieces, &hint, &limits);
    assert_eq!(
        whole, in_pieces,
        "bytes that arrive in pieces read otherwise"
    );
    assert_stops_when_told(file, &hint, &limits, whole.0.len());
}

/// A block's text, its place, what it owns, and where that begins and ends.
type Seen = (String, u64, std::ops::Range<usize>, [Location; 2]);

fn read(input: &mut dyn Read, hint: &Hint, limits: &Limits) -> (Vec<Seen>, Vec<Gap>) {
    let mut seen = Vec::new();
    let gaps = extract(input, hint, limits, &mut |block| {
        seen.push(looked_at(&block));
        Flow::Continue
    });
    assert!(gaps.is_ok(), "content makes reading fail");
    (seen, gaps.unwrap_or_default())
}

fn looked_at(block: &Block) -> Seen {
    let text = &block.unit.text;
    assert!(
        text.get(block.owned.clone()).is_some(),
        "a block owns what it does not show"
    );
    let mut locator = block.locator();
    let places = [block.owned.start, block.owned.end].map(|offset| locator.locate(offset));
    for offset in 0..=text.len().min(256) {
        locator.locate(offset);
    }
    (text.clone(), block.unit.base, block.owned.clone(), places)
}

fn assert_stops_when_told(file: &[u8], hint: &Hint, limits: &Limits, blocks: usize) {
    let mut count = 0;
    let stopped = extract(&mut &*file, hint, limits, &mut |_| {
        count += 1;
        Flow::Stop
    });
    assert!(stopped.is_ok(), "stopping makes reading fail");
    assert_eq!(count, blocks.min(1), "reading goes on when told to stop");
}

fn chosen(names: &[Option<&str>], by: u8) -> Option<String> {
    let name = names.get(usize::from(by) % names.len());
    name.copied().flatten().map(str::to_owned)
}

/// Gives so many bytes at a time at most.
struct Pieces<'f> {
    rest: &'f [u8],
    most: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.most);
        match into.get_mut(..most) {
            Some(into) => self.rest.read(into),
            None => Ok(0),
        }
    }
}
