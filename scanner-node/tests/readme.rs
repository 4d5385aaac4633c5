//! The README's table of detectors is made from the packs. `make readme` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use scanner_node::detect::packs::read_pack;
use shared::detector::DetectorSpec;

const BEGIN: &str = "<!-- detectors: made by `make readme` -->";
const END: &str = "<!-- end of detectors -->";

/// A pack: its file's name, what its first line says, and its detectors.
struct Family {
    file: String,
    title: String,
    detectors: Vec<DetectorSpec>,
}

fn families() -> Vec<Family> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("detectors");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let file = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(path).unwrap();
            let title = text
                .lines()
                .next()
                .unwrap()
                .trim_start_matches("# ")
                .trim_end_matches('.');
            let detectors = read_pack(&file, &text).unwrap();
            Family {
                title: title.to_owned(),
                detectors,
                file,
            }
        })
        .collect()
}

fn table() -> String {
    let families = families();
    let mut text = format!(
        "{BEGIN}\n| pack | detectors | checked by arithmetic or form | only beside a word |\n|---|--:|--:|--:|\n"
    );
    for family in &families {
        let count = |holds: fn(&DetectorSpec) -> bool| {
            family.detectors.iter().filter(|spec| holds(spec)).count()
        };
        let required =
            |spec: &DetectorSpec| spec.hotwords.as_ref().is_some_and(|rule| rule.required);
        writeln!(
            text,
            "| [{}](scanner-node/detectors/{}) | {} | {} | {} |",
            family.title,
            family.file,
            family.detectors.len(),
            count(|spec| spec.validator.is_some()),
            count(required),
        )
        .unwrap();
    }
    let all: usize = families.iter().map(|family| family.detectors.len()).sum();
    writeln!(text, "\n<details><summary>All {all}</summary>\n").unwrap();
    for family in &families {
        let names: Vec<String> = family
            .detectors
            .iter()
            .map(|spec| {
                let off = if spec.enabled { "" } else { " (off)" };
                format!("{}{off}", spec.name)
            })
            .collect();
        writeln!(text, "**{}:** {}.\n", family.title, names.join(" · ")).unwrap();
    }
    writeln!(text, "</details>\n{END}").unwrap();
    text
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "`make readme` says by it that the table is to be written"
)]
fn the_readme_lists_the_detectors_of_the_packs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("the README has the table's first mark");
    let (_, after) = rest
        .split_once(END)
        .expect("the README has the table's last mark");
    let written = format!(
        "{before}{}{}",
        table(),
        after.trim_start_matches('\n').to_owned()
    );
    let written = written.replace(&format!("{END}\n"), &format!("{END}\n\n"));
    if std::env::var_os("WEIR_WRITE_README").is_some() {
        fs::write(&path, written).unwrap();
    } else {
        assert!(
            readme == written,
            "the table of detectors is out of date; run `make readme`"
        );
    }
}
