//! The claims of the fuzz targets, held against their seeds: what fuzzing found once stays found.
//!
//! Owns running them on every change. Leaves finding new inputs to `make fuzz`.

// The attribute says nothing new to the compiler; it tells clippy that what stands beside the tests is test
// code too.
#[cfg(test)]
#[path = "../fuzz/src/lib.rs"]
pub mod claims;

use std::path::Path;

/// Holds `check` against every seed of `target`.
#[cfg(test)]
fn hold(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds = 0;
    for seed in std::fs::read_dir(folder.join(target)).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        check(&std::fs::read(path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 5, "{target} has {seeds} seeds");
}

#[test]
fn any_text_is_scanned_soundly() {
    hold("scan", claims::scan::check);
}

#[test]
fn a_number_is_found_in_every_spelling() {
    hold("normalise", claims::normalise::check);
}

#[test]
fn any_file_is_read_to_its_end() {
    hold("extract", claims::extract::check);
}

#[test]
fn any_pack_is_judged() {
    hold("pack", claims::pack::check);
}

#[test]
fn any_pattern_is_refused_or_runs_within_bounds() {
    hold("pattern", claims::pattern::check);
}
