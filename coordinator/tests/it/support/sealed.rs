//! Searching what leaves a process, and what it leaves behind, for what should have been sealed.

use std::path::Path;

/// Every file below a folder, and what is in it.
pub(crate) fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// Fails if one of these words is among the bytes, in whatever case.
pub(crate) fn assert_free_of(place: &str, bytes: &[u8], canaries: &[&str]) {
    let lowered = bytes.to_ascii_lowercase();
    for canary in canaries {
        let canary = canary.to_ascii_lowercase();
        let at = lowered
            .windows(canary.len())
            .position(|window| window == canary.as_bytes());
        if let Some(at) = at {
            let around = &bytes[at.saturating_sub(300)..bytes.len().min(at + 100)];
            panic!("{canary} in {place}: …{}…", String::from_utf8_lossy(around));
        }
    }
}
