//! Mail addresses: labels of a domain and its last one.
//!
//! Owns what DNS allows, and which addresses are nobody's. **Invariant:** file names such as `logo@2x.png` are no
//! addresses; those of a role, and those that stand for any, are lesser ones.
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

/// Domains that manuals and forms use, or that are somebody's and stand for any.
const STAND_IN_DOMAINS: &str = "\
    example.com example.org example.net email.com mail.com domain.com domain.tld host.com test.com \
    yourdomain.com your-domain.com mydomain.com mycompany.com yourcompany.com company.com website.com \
    site.com foo.com bar.com foobar.com server.com";
/// Mailboxes that stand for any.
const STAND_IN_USERS: &str = "\
    user username user.name user1 foo bar baz foobar you your me name someone somebody some anyone nobody \
    test tester testuser example sample dummy email mail abc xyz xxx address john.doe johndoe jane.doe \
    janedoe jdoe john.smith first.last firstname.lastname recipient sender";
/// Mailboxes of a place, not of a person, with and without signs in them.
const ROLES: &str = "\
    noreply donotreply notifications notification mailerdaemon postmaster hostmaster webmaster ftpmaster \
    listmaster root abuse security support info admin administrator sales help helpdesk hello contact office \
    team jobs careers press privacy billing newsletter marketing bounces bounce alerts daemon automation bot";

/// Checks local part and domain.
pub(super) fn check(value: &str) -> Verdict {
    if value.ends_with([':', '/', '~', ']']) {
        return Verdict::invalid("a user and a place on a host");
    }
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
    let domain = domain.to_ascii_lowercase();
    let is_host = labels.first().is_some_and(|label| is_numbered(label));
    if is_host {
        return Verdict::invalid("a host named by its address");
    }
    let local = local.to_ascii_lowercase();
    if is_under(&domain, STAND_IN_DOMAINS)
        || lists(STAND_IN_USERS, &local)
        || local.starts_with("your")
    {
        return Verdict::shaped("stands for any address").test_value(true);
    }
    let letters: String = local.chars().filter(char::is_ascii_alphabetic).collect();
    if lists(ROLES, &letters) || domain.starts_with("noreply.") || domain.contains(".noreply.") {
        return Verdict::shaped("the address of a role or a machine");
    }
    Verdict::valid("local part and domain are well-formed")
}

fn lists(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// Whether the domain is one of these, or under one.
fn is_under(domain: &str, known: &str) -> bool {
    known.split(' ').any(|known| {
        domain
            .strip_suffix(known)
            .is_some_and(|head| head.is_empty() || head.ends_with('.'))
    })
}

/// Whether the label of a host is made of the four numbers of its address.
fn is_numbered(label: &str) -> bool {
    let numbers = label.split('-').filter(|part| part.parse::<u8>().is_ok());
    numbers.count() >= 4
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
            ("ana@web1.corp.io:~", Check::Invalid),
            ("ana@67-100-227-140.dsl.corp.io", Check::Invalid),
            ("ana@example.com", Check::StructurallyValid),
            ("ana@mail.example.org", Check::StructurallyValid),
            ("ana@goodexample.com", Check::Valid),
            ("your.name@corp.io", Check::StructurallyValid),
            ("no-reply@corp.io", Check::StructurallyValid),
            ("12+ana@users.noreply.corp.io", Check::StructurallyValid),
            ("security.ana@corp.io", Check::Valid),
        ] {
            assert_eq!(check(address).check, check_, "{address}");
        }
        assert!(check("ana@example.com").test_value);
    }
}
