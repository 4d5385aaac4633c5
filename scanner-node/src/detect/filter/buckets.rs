//! Windows sorted into few buckets, and the tables that tell a position's buckets.
//!
//! Owns which windows share a bucket: such as together let the fewest positions through. Leaves telling the
//! windows of a bucket apart to `tree`.
//! **Invariant:** a position where a window matches has the bit of its bucket.

use super::class::{EDGE, SYMBOLS, Set};
use super::rarity::{self, WIDTH};

/// How many buckets: the bits of a table's entry.
pub(super) const BUCKETS: usize = 64;
/// So many of the most frequent windows have a bucket of their own.
const OWN: usize = 40;

/// What may stand at each place of a window.
pub(super) type Window = [Set; WIDTH];

/// For each place in a window and each symbol, the buckets that allow it.
#[derive(Debug)]
pub(super) struct Tables {
    bytes: Box<[[u64; EDGE]; WIDTH]>,
    edge: [u64; WIDTH],
}

/// The bucket of each window, and what each bucket lets through.
pub(super) fn sort(windows: &[Window]) -> (Vec<usize>, Vec<Window>) {
    let mut distinct: Vec<Window> = windows.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let mut order: Vec<(f64, Window)> = distinct.iter().map(|w| (rarity::of(w), *w)).collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let order = order.iter().map(|(_, window)| *window);
    let buckets = group(order, (BUCKETS, OWN), |window| window);
    let place = |window: &Window| {
        let fits = |bucket: &Window| includes(bucket, window);
        let choices = buckets
            .iter()
            .enumerate()
            .filter(|(_, bucket)| fits(bucket));
        choices
            .min_by(|(_, a), (_, b)| rarity::of(*a).total_cmp(&rarity::of(*b)))
            .map_or(0, |(at, _)| at)
    };
    let places: Vec<usize> = distinct.iter().map(place).collect();
    let bucket_of = |window| {
        let at = distinct.binary_search(window).unwrap_or(0);
        places.get(at).copied().unwrap_or(0)
    };
    (windows.iter().map(bucket_of).collect(), buckets)
}

/// Groups windows, the most frequent first: `own` of them alone, the others each where it adds the least.
/// `close` says what a look really lets through of a group.
pub(super) fn group(
    windows: impl Iterator<Item = Window>,
    (most, own): (usize, usize),
    close: impl Fn(Window) -> Window,
) -> Vec<Window> {
    let mut groups: Vec<(f64, Window)> = Vec::new();
    for window in windows {
        if groups.len() < most {
            let window = close(window);
            groups.push((rarity::of(&window), window));
            continue;
        }
        let together = |group: &Window| close(union(group, &window));
        let added = |(odds, group): &(f64, Window)| rarity::of(&together(group)) - odds;
        let joined = groups
            .iter_mut()
            .skip(own)
            .map(|group| (added(group), group))
            .min_by(|(a, _), (b, _)| a.total_cmp(b));
        if let Some((added, (odds, group))) = joined {
            *odds += added;
            *group = together(group);
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

pub(super) fn union(a: &Window, b: &Window) -> Window {
    let mut both = *a;
    for (mine, theirs) in both.iter_mut().zip(b) {
        *mine = mine.union(theirs);
    }
    both
}

fn includes(bucket: &Window, window: &Window) -> bool {
    window
        .iter()
        .zip(bucket)
        .all(|(window, bucket)| window.is_subset_of(bucket))
}

impl Tables {
    pub(super) fn of(buckets: &[Window]) -> Self {
        let mut tables = Self {
            bytes: Box::new([[0; EDGE]; WIDTH]),
            edge: [0; WIDTH],
        };
        for (number, bucket) in buckets.iter().enumerate().take(BUCKETS) {
            for (place, set) in bucket.iter().enumerate() {
                for symbol in set.symbols() {
                    if let Some(entry) = tables.entry(place, symbol) {
                        *entry |= 1 << number;
                    }
                }
            }
        }
        tables
    }

    fn entry(&mut self, place: usize, symbol: usize) -> Option<&mut u64> {
        debug_assert!(symbol < SYMBOLS);
        if symbol == EDGE {
            return self.edge.get_mut(place);
        }
        self.bytes.get_mut(place)?.get_mut(symbol)
    }

    /// The buckets that four bytes side by side fall into.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a byte is below 256; this is the innermost loop"
    )]
    pub(super) fn of_bytes(&self, [a, b, c, d]: [u8; WIDTH]) -> u64 {
        self.bytes[0][usize::from(a)]
            & self.bytes[1][usize::from(b)]
            & self.bytes[2][usize::from(c)]
            & self.bytes[3][usize::from(d)]
    }

    /// The same where the window may reach over an edge; none stands for the edge and all beyond.
    pub(super) fn of_symbols(&self, symbols: [Option<u8>; WIDTH]) -> u64 {
        let places = self.bytes.iter().zip(self.edge).zip(symbols);
        places.fold(u64::MAX, |bits, ((bytes, edge), symbol)| {
            let of = |byte: u8| bytes.get(usize::from(byte)).copied();
            bits & symbol.and_then(of).unwrap_or(edge)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        let mut sets = text.bytes().map(Set::byte);
        std::array::from_fn(|_| sets.next().unwrap())
    }

    #[test]
    fn each_window_finds_its_bucket_and_few_have_one_alone() {
        let few: Vec<Window> = ["ghp_", "xoxb", "ghp_"].map(window).to_vec();
        let (places, buckets) = sort(&few);
        assert_eq!(buckets.len(), 2);
        assert_eq!(places[0], places[2]);
        assert_ne!(places[0], places[1]);
    }

    #[test]
    fn the_tables_let_every_window_through_however_many_there_are() {
        let texts: Vec<String> = (0..300_u32).map(|n| format!("{:04x}", n * 211)).collect();
        let windows: Vec<Window> = texts.iter().map(|text| window(text)).collect();
        let (places, buckets) = sort(&windows);
        assert_eq!(buckets.len(), BUCKETS);
        let tables = Tables::of(&buckets);
        for (text, place) in texts.iter().zip(places) {
            let bytes: [u8; 4] = text.as_bytes().try_into().unwrap();
            assert_eq!(tables.of_bytes(bytes) >> place & 1, 1, "{text}");
            assert_eq!(tables.of_bytes(bytes), tables.of_symbols(bytes.map(Some)));
        }
        assert_eq!(tables.of_bytes(*b"zzzz"), 0);
    }

    #[test]
    fn the_edge_is_let_through_where_a_window_allows_it() {
        let mut edged = window("abcd");
        edged[0] = Set::edge();
        let tables = Tables::of(&[edged]);
        assert_eq!(
            tables.of_symbols([None, Some(b'b'), Some(b'c'), Some(b'd')]),
            1
        );
        assert_eq!(tables.of_bytes(*b"abcd"), 0);
    }
}
