//! The figures as tables.
//!
//! Owns the page and what of it is kept. **Invariant:** a run without labelled text leaves that section as
//! it was, and nothing on the page depends on when or where it was written.

use std::collections::BTreeMap;
use std::fmt::{Result as Fmt, Write};

use super::labelled::Labelled;
use super::score::{Counts, ratio};
use super::{benign, examples, planted, variants};

const LABELLED_BEGIN: &str = "<!-- labelled text: begin -->\n";
const LABELLED_END: &str = "<!-- labelled text: end -->\n";
const NOT_MEASURED: &str = "Not measured yet.\n";

/// The figures of made-up text.
pub(crate) struct Generated {
    pub(crate) examples: Vec<examples::Row>,
    pub(crate) planted: BTreeMap<&'static str, planted::Row>,
    pub(crate) leaking: BTreeMap<&'static str, planted::Row>,
    pub(crate) variants: variants::Table,
    pub(crate) benign: Vec<benign::Row>,
}

/// The whole page; of `before`, the page as it was, the labelled section stays if there is no new one.
pub(crate) fn page(
    generated: &Generated,
    labelled: Option<&Labelled>,
    before: &str,
) -> Result<String, std::fmt::Error> {
    let mut page = String::from(
        "# Quality of the built-in detectors\n\n\
        Written by `make quality`; do not edit. `make quality-check`, a stage of the gate, fails if a figure of \
        made-up text gets worse than the one on record in `scanner-node/examples/quality/floors.json`.\n\n\
        POSSIBLE and LIKELY mean: at that likelihood or above.\n\n\
        # Made-up text\n\n\
        From fixed seeds; nothing is needed to repeat it.\n\n",
    );
    examples_table(&mut page, &generated.examples)?;
    page.push_str(
        "## Fresh values in chat\n\nMade-up messages in six languages, with one valid value each. \
        A secret counts as found whatever kind of secret it was taken for.\n\n",
    );
    planted_table(&mut page, &generated.planted)?;
    page.push_str(
        "## Fresh values in many styles\n\nOne value a line, as people and programs write it down: alone, behind \
        its name in some language, in settings, rows and links. The styles are in \
        `scanner-node/examples/quality/leaking.txt`.\n\n",
    );
    planted_table(&mut page, &generated.leaking)?;
    variants_table(&mut page, &generated.variants)?;
    page.push_str(
        "## False findings in harmless text\n\n\
        Order numbers, hashes and the like, and running text without anything sensitive; the lines are in \
        `scanner-node/examples/quality/harmless.txt`. Addresses of hosts in logs are really there and do not \
        count. Of sixteen digits that stand alone or in a sentence without a word about them, one in fifty is by \
        all its rules a card's: since people send cards so, it stays LIKELY.\n\n",
    );
    benign_table(&mut page, &generated.benign)?;
    page.push_str(
        "# Labelled text\n\n\
        From the folder in `WEIR_CORPORA`, where `make quality` is given one: JSON lines of \
        `{\"text\", \"spans\": [{\"start\", \"end\", \"type\"}]}`, offsets in bytes. Public data that serves, once \
        brought into that form: presidio-research (MIT), the examples of libphonenumber (Apache-2.0), \
        WNUT-17, the Broad Twitter Corpus and irc-disentanglement (CC-BY-4.0).\n\n",
    );
    page.push_str(LABELLED_BEGIN);
    match labelled {
        Some(labelled) => labelled_tables(&mut page, labelled)?,
        None => page.push_str(kept(before).unwrap_or(NOT_MEASURED)),
    }
    page.push_str(LABELLED_END);
    Ok(page)
}

/// A few lines for the terminal.
pub(crate) fn summary(
    generated: &Generated,
    labelled: Option<&Labelled>,
) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let rows = &generated.examples;
    let all: usize = rows.iter().map(|row| row.texts).sum();
    let found: usize = rows.iter().map(|row| row.possible).sum();
    writeln!(text, "examples in messages   {found} of {all} found")?;
    let all: usize = generated.planted.values().map(|row| row.texts).sum();
    let found: usize = generated.planted.values().map(|row| row.possible).sum();
    writeln!(text, "planted in messages    {found} of {all} found")?;
    let all: usize = generated.leaking.values().map(|row| row.texts).sum();
    let found: usize = generated.leaking.values().map(|row| row.possible).sum();
    writeln!(text, "values in many styles  {found} of {all} found")?;
    let (lost, all) = generated.variants.lost();
    writeln!(text, "unusual characters     {lost} of {all} lost or cut")?;
    for row in generated
        .benign
        .iter()
        .chain(labelled.into_iter().flat_map(|all| &all.benign))
    {
        let (rate, name) = (row.likely_in_10_000(), &row.name);
        writeln!(
            text,
            "false in 10,000        {rate:>7.1}  {name}  {}",
            row.fired()
        )?;
    }
    for (class, row) in labelled.into_iter().flat_map(|all| &all.classes) {
        let [precision, recall, f1] = cells(row.possible);
        if row.possible.right + row.possible.missed > 0 {
            writeln!(
                text,
                "labelled               {class}: P {precision}, R {recall}, F1 {f1}"
            )?;
        }
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

fn examples_table(page: &mut String, rows: &[examples::Row]) -> Fmt {
    page.push_str(
        "## Examples\n\nEach detector's own examples and counter-examples, in 16 surroundings each.\n\n\
        | detector | InfoType | texts | POSSIBLE | LIKELY | counter-texts | fired |\n|---|---|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} |",
            row.detector,
            row.info_type,
            row.texts,
            percent(row.possible, row.texts),
            percent(row.likely, row.texts),
            row.counter_texts,
            row.fired
        )?;
    }
    page.push('\n');
    Ok(())
}

fn planted_table(page: &mut String, rows: &BTreeMap<&'static str, planted::Row>) -> Fmt {
    page.push_str(
        "| InfoType | messages | POSSIBLE | LIKELY | whole value |\n|---|--:|--:|--:|--:|\n",
    );
    for (info_type, row) in rows {
        writeln!(
            page,
            "| {info_type} | {} | {} | {} | {} |",
            row.texts,
            percent(row.possible, row.texts),
            percent(row.likely, row.texts),
            percent(row.whole, row.texts)
        )?;
    }
    page.push('\n');
    Ok(())
}

fn variants_table(page: &mut String, table: &variants::Table) -> Fmt {
    let (lost, all) = table.lost();
    let names: Vec<&str> = variants::info_types().collect();
    writeln!(
        page,
        "## Unusual characters\n\nSeven values, each written in ten ways: **{lost} of {all}** are lost, or found in part only.\n\n\
        | | {} |\n|---|{}",
        names.join(" | "),
        "---|".repeat(names.len())
    )?;
    for row in std::iter::once(&table.plain).chain(&table.rows) {
        let outcomes: Vec<&str> = row
            .outcomes
            .iter()
            .map(|outcome| outcome.as_str())
            .collect();
        writeln!(page, "| {} | {} |", row.change, outcomes.join(" | "))?;
    }
    page.push('\n');
    Ok(())
}

fn benign_table(page: &mut String, rows: &[benign::Row]) -> Fmt {
    page.push_str(
        "| text | lines | LIKELY in 10,000 | POSSIBLE in 10,000 | what fired, LIKELY |\n|---|--:|--:|--:|---|\n",
    );
    for row in rows {
        writeln!(
            page,
            "| {} | {} | {:.1} | {:.1} | {} |",
            row.name,
            row.lines,
            row.likely_in_10_000(),
            row.possible_in_10_000(),
            row.fired()
        )?;
    }
    page.push('\n');
    Ok(())
}

fn labelled_tables(page: &mut String, labelled: &Labelled) -> Fmt {
    page.push_str("| file | lines | labels |\n|---|--:|--:|\n");
    for (name, lines, labels) in &labelled.files {
        writeln!(page, "| {name} | {lines} | {labels} |")?;
    }
    page.push_str(
        "\n## By class\n\nAny common byte makes a finding right. Elsewhere: findings, LIKELY, in files \
        that have no labels of the class.\n\n\
        | class | labels | P POSSIBLE | R | F1 | P LIKELY | R | F1 | elsewhere |\n\
        |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (class, row) in &labelled.classes {
        let cells = [cells(row.possible), cells(row.likely)]
            .concat()
            .join(" | ");
        let labels = row.possible.right + row.possible.missed;
        writeln!(page, "| {class} | {labels} | {cells} | {} |", row.elsewhere)?;
    }
    if !labelled.benign.is_empty() {
        page.push_str(
            "\n## Findings in everyday text\n\nNobody labelled it, but people do write addresses. Those that a rule \
            which shares nothing with the detectors takes for addresses of mail, hosts or network cards are told \
            apart; that somebody's they are is not proved by that.\n\n\
            | text | lines | LIKELY in 10,000 | of these addresses | others in 10,000 | POSSIBLE in 10,000 | what fired, LIKELY |\n\
            |---|--:|--:|--:|--:|--:|---|\n",
        );
        for row in &labelled.benign {
            let others = row.likely.values().sum::<usize>() - row.addresses;
            writeln!(
                page,
                "| {} | {} | {:.1} | {} | {:.1} | {:.1} | {} |",
                row.name,
                row.lines,
                row.likely_in_10_000(),
                row.addresses,
                ratio(others, row.lines).unwrap_or(0.0) * 1e4,
                row.possible_in_10_000(),
                row.fired()
            )?;
        }
        page.push('\n');
    }
    Ok(())
}

/// The labelled section of a page.
fn kept(before: &str) -> Option<&str> {
    let (_, rest) = before.split_once(LABELLED_BEGIN)?;
    Some(rest.split_once(LABELLED_END)?.0)
}

fn percent(part: usize, whole: usize) -> String {
    ratio(part, whole).map_or_else(|| "–".to_owned(), |ratio| format!("{:.1} %", ratio * 100.0))
}

fn cells(counts: Counts) -> [String; 3] {
    [counts.precision(), counts.recall(), counts.f1()]
        .map(|ratio| ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_labelled_text_its_section_stays() {
        let nothing = Generated {
            examples: Vec::new(),
            planted: BTreeMap::new(),
            leaking: BTreeMap::new(),
            variants: variants::Table {
                plain: variants::Row {
                    change: "",
                    outcomes: Vec::new(),
                },
                rows: Vec::new(),
            },
            benign: Vec::new(),
        };
        let first = page(&nothing, None, "").unwrap();
        assert!(first.contains(NOT_MEASURED));
        let measured = page(&nothing, Some(&Labelled::default()), &first).unwrap();
        assert!(!measured.contains(NOT_MEASURED));
        assert_eq!(page(&nothing, None, &measured).unwrap(), measured);
    }
}
