//! What single characters are read as.
//!
//! Owns the table of characters that stand for ASCII: compatibility forms (NFKC), digits of every script,
//! dashes, blanks, quotation marks, characters that are not seen, and letters that look alike. Leaves whether
//! a look-alike is one in its word to `look_alike`.
//! **Invariant:** a character is read as ASCII of at most four bytes, as nothing, or as itself; a letter with
//! an accent stays one character, so that a word is as long as it looks.
//!
//! # Source
//! Unicode's tables as `icu_normalizer` and `icu_properties` carry them; the confusables of Unicode Technical
//! Standard 39 as far as they look like one ASCII letter in common typefaces.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
};

use super::look_alike::twins;
use super::piece::Piece;

/// What a character is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) enum Fold {
    /// As itself.
    Keep,
    /// As itself, a letter of its script.
    Letter,
    /// As this.
    Text(Piece),
    /// As this letter, in a word that is ASCII otherwise.
    LookAlike(Piece),
}

/// Code points in one page of the table.
const PAGE: usize = 256;
/// Where characters with a fold are: all but the ideographs, syllables and private areas.
const BLOCKS: &[RangeInclusive<u32>] = &[
    0x80..=0x33FF,
    0xA000..=0xABFF,
    0xFB00..=0xFFFF,
    0x1_0000..=0x1_1FFF,
    0x1_6A00..=0x1_6BFF,
    0x1_D400..=0x1_D7FF,
    0x1_E100..=0x1_E9FF,
    0x1_F100..=0x1_F1FF,
    0x1_FB00..=0x1_FBFF,
    0xE_0000..=0xE_0FFF,
];
/// Signs that compatibility forms do not cover, and what they are read as.
const SIGNS: &[(&str, &str)] = &[
    ("\u{2212}\u{2043}\u{02D7}\u{2796}\u{30FC}", "-"),
    (
        "\u{2018}\u{2019}\u{201A}\u{201B}\u{2032}\u{02BC}\u{02B9}\u{2035}\u{00B4}\u{FF07}",
        "'",
    ),
    (
        "\u{201C}\u{201D}\u{201E}\u{201F}\u{2033}\u{2036}\u{00AB}\u{00BB}\u{FF02}",
        "\"",
    ),
    (
        "\u{3002}\u{FF61}\u{06D4}\u{066B}\u{00B7}\u{2027}\u{22C5}\u{2219}\u{2022}\u{30FB}",
        ".",
    ),
    ("\u{2044}\u{2215}\u{29F8}", "/"),
    ("\u{2236}\u{A789}\u{02D0}\u{FE30}", ":"),
    ("\u{2217}\u{204E}", "*"),
    ("\u{066C}\u{060C}\u{3001}", ","),
    ("\u{2223}\u{FFE8}", "|"),
    ("\u{2800}", " "),
    ("\u{0085}\u{2028}\u{2029}", "\n"),
];
/// Circled digits that compatibility forms leave as they are: the first, the last, what the first counts.
const COUNTED: &[(u32, u32, u32)] = &[
    (0x2776, 0x277F, 1),
    (0x2780, 0x2789, 1),
    (0x278A, 0x2793, 1),
    (0x24EB, 0x24F4, 11),
    (0x24F5, 0x24FE, 1),
    (0x24FF, 0x24FF, 0),
];
/// Alphabets in black circles and squares, by their A.
const BLACK_ALPHABETS: &[u32] = &[0x1_F150, 0x1_F170];
/// Strokes through and lines around the character before them, and marks of annotation.
const OVERLAYS: &[RangeInclusive<u32>] = &[0x332..=0x338, 0x20D0..=0x20E8, 0xFFF9..=0xFFFB];

/// What `c` is read as.
pub(in crate::detect) fn fold(c: char) -> Fold {
    static TABLE: LazyLock<Table> = LazyLock::new(Table::build);
    TABLE.get(c)
}

/// Folds by page; most pages are the one that keeps everything.
struct Table {
    page_of: Vec<u16>,
    pages: Vec<[Fold; PAGE]>,
}

impl Table {
    fn build() -> Self {
        let mut table = Self {
            page_of: vec![0; 0x11_0000 / PAGE],
            pages: vec![[Fold::Keep; PAGE]],
        };
        let mut rules = Rules::new();
        for c in BLOCKS.iter().cloned().flatten().filter_map(char::from_u32) {
            let fold = rules.fold(c);
            if fold != Fold::Keep {
                table.set(c, fold);
            }
        }
        table
    }

    fn set(&mut self, c: char, fold: Fold) {
        let Some(number) = self.page_of.get_mut(c as usize / PAGE) else {
            return;
        };
        if *number == 0 {
            *number = u16::try_from(self.pages.len()).unwrap_or(0);
            self.pages.push([Fold::Keep; PAGE]);
        }
        let page = self.pages.get_mut(usize::from(*number));
        if let Some(slot) = page.and_then(|page| page.get_mut(c as usize % PAGE)) {
            *slot = fold;
        }
    }

    fn get(&self, c: char) -> Fold {
        let page = self.page_of.get(c as usize / PAGE);
        let page = page.and_then(|number| self.pages.get(usize::from(*number)));
        page.and_then(|page| page.get(c as usize % PAGE))
            .copied()
            .unwrap_or(Fold::Keep)
    }
}

/// How the table is made.
struct Rules {
    nfkc: ComposingNormalizerBorrowed<'static>,
    category: CodePointMapDataBorrowed<'static, GeneralCategory>,
    unseen: CodePointSetDataBorrowed<'static>,
    twins: HashMap<char, char>,
    signs: HashMap<char, Piece>,
    /// The last decimal digit seen, and what it counts: each script has its ten in a row.
    last_digit: (u32, u8),
}

impl Rules {
    fn new() -> Self {
        let signs = SIGNS.iter().flat_map(|(signs, ascii)| {
            let ascii = Piece::try_of(ascii).unwrap_or_default();
            signs.chars().map(move |sign| (sign, ascii))
        });
        Self {
            nfkc: ComposingNormalizer::new_nfkc(),
            category: CodePointMapData::<GeneralCategory>::new(),
            unseen: CodePointSetData::new::<DefaultIgnorableCodePoint>(),
            twins: twins().collect(),
            signs: signs.collect(),
            last_digit: (0, 0),
        }
    }

    fn fold(&mut self, c: char) -> Fold {
        let category = self.category.get(c);
        if category == GeneralCategory::DecimalNumber {
            return self.digit(c);
        }
        let listed = self.signs.get(&c).copied().or_else(|| black(c));
        if let Some(text) = listed.or_else(|| self.by_category(c, category)) {
            return Fold::Text(text);
        }
        match self.compatible(c) {
            Fold::Keep if c.is_alphanumeric() => Fold::Letter,
            fold => fold,
        }
    }

    /// By its twin, or by that of its compatibility form, or by that form.
    fn compatible(&self, c: char) -> Fold {
        let mut bytes = [0; 4];
        let same = self.nfkc.normalize(c.encode_utf8(&mut bytes));
        let mut letters = same.chars();
        let only = letters.next().filter(|_| letters.next().is_none());
        let twin = self.twins.get(&c).or_else(|| self.twins.get(&only?));
        match twin {
            Some(twin) => Fold::LookAlike(Piece::of(*twin)),
            None => ascii(&same),
        }
    }

    fn by_category(&self, c: char, category: GeneralCategory) -> Option<Piece> {
        let is_unseen =
            self.unseen.contains(c) || OVERLAYS.iter().any(|block| block.contains(&(c as u32)));
        match category {
            _ if is_unseen => Some(Piece::default()),
            GeneralCategory::DashPunctuation => Some(Piece::of('-')),
            GeneralCategory::SpaceSeparator => Some(Piece::of(' ')),
            _ => None,
        }
    }

    fn digit(&mut self, c: char) -> Fold {
        let (last, counted) = self.last_digit;
        let counts = match c as u32 {
            code if code == last + 1 => (counted + 1) % 10,
            _ => 0,
        };
        self.last_digit = (c as u32, counts);
        Fold::Text(Piece::of(char::from(b'0' + counts)))
    }
}

/// What is ASCII altogether replaces a character; `½` becomes `1/2` by way of a fraction slash.
fn ascii(same: &str) -> Fold {
    let ascii = same.replace('\u{2044}', "/");
    match Piece::try_of(&ascii) {
        Some(piece) if ascii.is_ascii() => Fold::Text(piece),
        _ => Fold::Keep,
    }
}

fn black(c: char) -> Option<Piece> {
    let code = c as u32;
    let counted = COUNTED
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&code));
    if let Some((first, _, counts)) = counted {
        return Piece::try_of(&(code - first + counts).to_string());
    }
    let alphabet = BLACK_ALPHABETS
        .iter()
        .find(|first| (**first..**first + 26).contains(&code))?;
    let letter = u8::try_from(code - alphabet).ok()?;
    Some(Piece::of(char::from(b'A' + letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(c: char) -> String {
        match fold(c) {
            Fold::Keep | Fold::Letter => c.to_string(),
            Fold::Text(piece) | Fold::LookAlike(piece) => piece.as_str().to_owned(),
        }
    }

    #[test]
    fn forms_that_stand_for_ascii_are_read_as_ascii() {
        for (written, as_read) in [
            ("４Ａｂ＠．：－＿", "4Ab@.:-_"),
            ("𝟒𝟜𝟦𝟰𝟺𝐀𝓫𝖈", "44444Abc"),
            ("①⑳⓪❶➀➊⓵⓿", "120011110"),
            ("²₃ⁿªº", "23nao"),
            ("ﬁﬀ", "fiff"),
            ("Ⓐⓑ🅐🅰🄰", "AbAAA"),
            ("½№™", "1/2NoTM"),
            ("\u{212A}\u{FF21}", "KA"),
        ] {
            let read: String = written.chars().map(read).collect();
            assert_eq!(read, as_read, "{written}");
        }
    }

    #[test]
    fn digits_of_every_script_count() {
        let zeros = "٠۰߀०০੦૦୦௦౦೦൦๐໐༠၀០᠐᭐᱀꘠꣐꤀０𐒠𑁦𝟎𞥐🯰";
        for zero in zeros.chars() {
            for counts in 0..10 {
                let digit = char::from_u32(zero as u32 + counts).unwrap();
                assert_eq!(read(digit), counts.to_string(), "{zero}");
            }
        }
    }

    #[test]
    fn dashes_blanks_and_quotes_are_the_ones_of_a_keyboard() {
        assert!(
            "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}\u{FE63}"
                .chars()
                .all(|c| read(c) == "-")
        );
        assert!(
            "\u{A0}\u{2002}\u{2007}\u{2009}\u{202F}\u{3000}"
                .chars()
                .all(|c| read(c) == " ")
        );
        assert!("“”„«»".chars().all(|c| read(c) == "\""));
        assert!("‘’‚′".chars().all(|c| read(c) == "'"));
    }

    #[test]
    fn what_is_not_seen_is_read_as_nothing() {
        for c in "\u{AD}\u{34F}\u{61C}\u{180E}\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{202A}\u{202E}\u{2060}\u{2066}\u{2069}\u{FE0F}\u{FEFF}\u{E0041}\u{336}\u{20E3}".chars() {
            assert_eq!(read(c), "", "{:x}", c as u32);
        }
    }

    #[test]
    fn letters_with_accents_and_other_scripts_stay() {
        for c in "éßñøжщдλδ中文あ한مא🙏👉".chars() {
            assert!(matches!(fold(c), Fold::Keep | Fold::Letter), "{c}");
        }
    }

    #[test]
    fn look_alikes_are_read_as_their_twin() {
        let read: String = "аеорсухіАВЕΑΒΟοᴀꭺ𝛼".chars().map(read).collect();
        assert_eq!(read, "aeopcyxiABEABOoaaa");
        assert!("аΟ".chars().all(|c| matches!(fold(c), Fold::LookAlike(_))));
    }
}
