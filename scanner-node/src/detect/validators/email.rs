//! Mail addresses: labels of a domain and its last one.
//!
//! Owns what DNS allows. **Invariant:** file names such as `logo@2x.png` are no addresses.
//!
//! # Source
//! RFC 5321, section 4.1.2; RFC 1035, section 2.3.1; RFC 2606 and RFC 6761 (reserved domains).

use super::Verdict;

/// Endings of files, and domains that the Internet does not have, where a top-level domain would stand.
const NO_DOMAINS: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "css",
    "js",
    "ts",
    "json",
    "html",
    "php",
    "exe",
    "dll",
    "so",
    "txt",
    "log",
    "yaml",
    "yml",
    "xml",
    "local",
    "internal",
    "lan",
    "localdomain",
    "localhost",
    "invalid",
    "test",
    "example",
];

/// Users by which machines reach repositories: `git@host:path`.
const REPOSITORY_USERS: &[&str] = &["git", "hg", "svn"];

/// Checks local part and domain.
pub(super) fn check(value: &str) -> Verdict {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return Verdict::invalid("no domain");
    };
    let local_is_bad =
        local.is_empty() || local.len() > 64 || local.contains("..") || local.ends_with('.');
    if REPOSITORY_USERS.contains(&local) {
        return Verdict::invalid("the user of a repository");
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let label_is_bad = |label: &&str| {
        label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-')
    };
    let last = labels
        .last()
        .map(|last| last.to_ascii_lowercase())
        .unwrap_or_default();
    let last_is_bad = last.len() < 2
        || !last.bytes().all(|byte| byte.is_ascii_alphabetic())
        || NO_DOMAINS.contains(&last.as_str());
    if local_is_bad || labels.len() < 2 || labels.iter().any(label_is_bad) || last_is_bad {
        return Verdict::invalid("no such domain or mailbox can be");
    }
    let reserved = ["example.com", "example.org", "example.net"]
        .iter()
        .any(|reserved| domain.eq_ignore_ascii_case(reserved));
    Verdict::valid("local part and domain are well-formed").test_value(reserved)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn tells_addresses_from_file_names_and_handles() {
        for (address, check_) in [
            ("ana@corp.io", Check::Valid),
            ("a.b+c@mail.corp.co.uk", Check::Valid),
            ("logo@2x.png", Check::Invalid),
            ("a..b@corp.io", Check::Invalid),
            ("a@corp", Check::Invalid),
            ("a@host.localdomain", Check::Invalid),
            ("a@corp.test", Check::Invalid),
            ("git@github.com", Check::Invalid),
            ("a@-corp.io", Check::Invalid),
            ("a@corp.i0", Check::Invalid),
        ] {
            assert_eq!(check(address).check, check_, "{address}");
        }
        assert!(check("ana@example.com").test_value);
    }
}
