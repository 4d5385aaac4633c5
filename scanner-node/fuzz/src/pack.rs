//! Any text as a pack: what is wrong with it is told with its place, what is right does as it says.

use scanner_node::detect::packs::read_pack;
use scanner_node::detect::{PackFile, Scratch, admit, examples};
use shared::detector::DetectorSet;

/// Holds the claims against `data`, read as a pack file.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let file = PackFile::read(&text);
    let lines = text.matches('\n').count() + 1;
    for problem in &file.problems {
        assert!(
            (1..=lines).contains(&problem.line),
            "line {} of {lines}",
            problem.line
        );
        let line = text.split('\n').nth(problem.line - 1).unwrap_or_default();
        let columns = line.chars().count() + 1;
        assert!(
            (1..=columns).contains(&problem.column),
            "column {} of {columns}",
            problem.column
        );
        assert!(!problem.what.is_empty(), "a problem without words");
    }
    assert!(
        !(file.problems.is_empty() && file.detectors.is_empty()),
        "neither detectors nor a problem"
    );
    if file.problems.is_empty() {
        let own = read_pack("a.toml", &text);
        assert!(
            own.is_ok_and(|own| own.len() == file.detectors.len()),
            "read in two ways"
        );
    }
    for (line, spec) in &file.detectors {
        assert!(
            (1..=lines).contains(line),
            "a detector at line {line} of {lines}"
        );
        match admit(spec) {
            Ok(engine) => {
                examples::failures(&engine, &mut Scratch::new(), spec);
            }
            Err(errors) => assert!(
                errors
                    .0
                    .iter()
                    .all(|error| !error.problem.to_string().is_empty()),
                "refused without a reason"
            ),
        }
    }
    // What makes a set and what does not is an answer, not a panic.
    drop(DetectorSet::of(
        file.detectors.into_iter().map(|(_, spec)| spec),
    ));
}
