//! Places where a test makes a process fail.
//!
//! Owns the switch. `WEIR_FAILPOINT=name` makes the process panic the first time it passes the place of that
//! name, `name:3` the third time; `name:3:abort` ends the process there as `kill -9` would. Without the cargo
//! feature `failpoints`, which no release is built with, passing a place costs nothing and does nothing.
//! **Invariant:** a place fails at most once in a process.

/// Passes the place `name`.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub const fn pass(_name: &'static str) {}

/// Passes the place `name`, or fails there if it is told to.
#[cfg(feature = "failpoints")]
pub fn pass(name: &'static str) {
    if let Some(plan) = armed::PLAN.as_ref() {
        plan.pass(name);
    }
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What the environment says.
    pub(super) static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| Plan::read(&variable()?));

    /// The one failure of this process.
    #[derive(Debug)]
    pub(super) struct Plan {
        name: String,
        at: u64,
        abort: bool,
        passed: AtomicU64,
    }

    impl Plan {
        fn read(text: &str) -> Option<Self> {
            let mut words = text.split(':');
            let name = words.next().filter(|name| !name.is_empty())?.to_owned();
            let at = match words.next() {
                Some(at) => at.parse().ok()?,
                None => 1,
            };
            Some(Self {
                name,
                at,
                abort: words.next() == Some("abort"),
                passed: AtomicU64::new(0),
            })
        }

        #[expect(clippy::panic, reason = "failing is what it is for")]
        pub(super) fn pass(&self, name: &str) {
            if self.name != name || self.passed.fetch_add(1, Ordering::SeqCst) + 1 != self.at {
                return;
            }
            if self.abort {
                std::process::abort();
            }
            panic!("failpoint");
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of test builds is no configuration"
    )]
    fn variable() -> Option<String> {
        std::env::var("WEIR_FAILPOINT").ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn fails_at_the_passage_it_was_told_and_never_again() {
            let plan = Plan::read("here:2").unwrap();
            let fails = |name| std::panic::catch_unwind(|| plan.pass(name)).is_err();
            let failed = ["here", "there", "here", "here"].map(fails);
            assert_eq!(failed, [false, false, true, false]);
        }

        #[test]
        fn a_plan_that_cannot_be_read_is_none() {
            for text in ["", ":1", "here:soon"] {
                assert!(Plan::read(text).is_none(), "{text}");
            }
        }
    }
}
