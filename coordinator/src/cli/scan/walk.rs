//! Which files are scanned.
//!
//! Owns the walk through folders, what is passed over, and the order. Leaves opening files to `examine`.
//! **Invariant:** whatever was met is an entry, a skip or an error; the order depends on names alone.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// What standard input is called.
pub(super) const STDIN: &str = "-";
/// Folders of copies and build results.
const PASSED_OVER: &[&str] = &[".git", "target", "node_modules"];

/// Something to scan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Where it is; [`STDIN`] for standard input.
    pub(super) path: PathBuf,
    /// Its length as far as it is known.
    pub(super) bytes: u64,
}

/// Something that is not scanned on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Skipped {
    /// Where it is.
    pub(super) path: String,
    /// Why.
    pub(super) reason: SkipReason,
}

/// Why something is not scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SkipReason {
    /// A folder of copies or build results.
    Folder,
    /// A symbolic link inside of a folder.
    SymbolicLink,
    /// A pipe, socket or device inside of a folder.
    SpecialFile,
}

/// What a walk met, each list in order.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) entries: Vec<Entry>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) unreadable: Vec<(PathBuf, io::ErrorKind)>,
}

/// Finds all files in `paths`, which may themselves be files.
pub(super) fn walk(paths: &[PathBuf]) -> Walk {
    let mut walk = Walk::default();
    let mut folders = Vec::new();
    for path in paths.iter().collect::<BTreeSet<_>>() {
        walk.named(path, &mut folders);
    }
    while let Some(folder) = folders.pop() {
        walk.folder(&folder, &mut folders);
    }
    walk.entries.sort();
    walk.entries.dedup_by(|a, b| a.path == b.path);
    walk.skipped.sort();
    walk.skipped.dedup();
    walk.unreadable.sort_by(|(a, _), (b, _)| a.cmp(b));
    walk
}

impl Walk {
    /// What somebody named is followed and read, whatever it is.
    fn named(&mut self, path: &Path, folders: &mut Vec<PathBuf>) {
        if path == Path::new(STDIN) {
            self.entries.push(Entry {
                path: path.to_owned(),
                bytes: 0,
            });
            return;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => folders.push(path.to_owned()),
            Ok(metadata) => self.entries.push(Entry {
                path: path.to_owned(),
                bytes: metadata.len(),
            }),
            Err(error) => self.unreadable.push((path.to_owned(), error.kind())),
        }
    }

    fn folder(&mut self, folder: &Path, folders: &mut Vec<PathBuf>) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push((folder.to_owned(), error.kind())),
        };
        for entry in entries {
            let met = entry.and_then(|entry| self.met(&entry, folders));
            if let Err(error) = met {
                self.unreadable.push((folder.to_owned(), error.kind()));
            }
        }
    }

    fn met(&mut self, entry: &DirEntry, folders: &mut Vec<PathBuf>) -> io::Result<()> {
        let (kind, path) = (entry.file_type()?, entry.path());
        let skip = if kind.is_symlink() {
            SkipReason::SymbolicLink
        } else if kind.is_dir() {
            if !PASSED_OVER.iter().any(|name| entry.file_name() == *name) {
                folders.push(path);
                return Ok(());
            }
            SkipReason::Folder
        } else if kind.is_file() {
            let bytes = entry.metadata()?.len();
            self.entries.push(Entry { path, bytes });
            return Ok(());
        } else {
            SkipReason::SpecialFile
        };
        self.skipped.push(Skipped {
            path: path.display().to_string(),
            reason: skip,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        root
    }

    fn found(walk: &Walk, root: &Path) -> Vec<String> {
        let short = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        walk.entries
            .iter()
            .map(|entry| short(&entry.path))
            .collect()
    }

    #[test]
    fn files_of_all_depths_come_in_order_of_path() {
        let root = tree(&["b.txt", "a/z.txt", "a/b/c.txt", "a.txt"]);
        let walk = walk(&[root.path().to_owned()]);
        assert_eq!(
            found(&walk, root.path()),
            ["a/b/c.txt", "a/z.txt", "a.txt", "b.txt"]
        );
        assert!(walk.skipped.is_empty() && walk.unreadable.is_empty());
    }

    #[test]
    fn build_folders_are_passed_over_and_said_to_be_unless_named() {
        let root = tree(&["target/a.txt", ".git/b", "src/node_modules/c.js"]);
        let all = walk(&[root.path().to_owned()]);
        assert!(all.entries.is_empty());
        let reasons: Vec<_> = all.skipped.iter().map(|skipped| skipped.reason).collect();
        assert_eq!(reasons, [SkipReason::Folder; 3]);
        let named = walk(&[root.path().join("target")]);
        assert_eq!(found(&named, root.path()), ["target/a.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_only_if_named() {
        let root = tree(&["real.txt", "in/file.txt"]);
        let link = root.path().join("in/link.txt");
        std::os::unix::fs::symlink(root.path().join("real.txt"), &link).unwrap();
        let inside = walk(&[root.path().join("in")]);
        assert_eq!(found(&inside, root.path()), ["in/file.txt"]);
        assert_eq!(inside.skipped[0].reason, SkipReason::SymbolicLink);
        assert_eq!(found(&walk(&[link]), root.path()), ["in/link.txt"]);
    }

    #[test]
    fn what_is_named_twice_is_scanned_once() {
        let root = tree(&["a.txt"]);
        let paths = [root.path().to_owned(), root.path().join("a.txt")];
        assert_eq!(walk(&paths).entries.len(), 1);
    }

    #[test]
    fn a_missing_path_is_an_error_and_the_others_are_scanned() {
        let root = tree(&["a.txt"]);
        let missing = root.path().join("missing");
        let walk = walk(&[missing.clone(), root.path().join("a.txt")]);
        assert_eq!(walk.unreadable, [(missing, io::ErrorKind::NotFound)]);
        assert_eq!(walk.entries.len(), 1);
    }
}
