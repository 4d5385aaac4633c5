//! The policies in force, and the groups and families that they name.
//!
//! Owns a snapshot that is read again every second and after each change. Deciding is for `domain::policy`,
//! storing for `store::policies` and `store::groups`.
//! **Invariant:** snapshots are published in the order in which the database was read.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::policy::{Families, Members};
use crate::store::{Conn, Store, StoreError, StoreResult, groups, policies};

pub use crate::domain::policy::InForce;

/// The policies in force.
#[derive(Default)]
pub struct Policies {
    current: ArcSwap<InForce>,
    families: Families,
    /// What the database held when it was read last; whoever holds the lock may publish.
    read: tokio::sync::Mutex<Option<State>>,
}

/// What tells one state of the database from another.
type State = (Vec<policies::Mark>, Vec<groups::Mark>);

impl Policies {
    /// No policies yet, and what belongs to which family.
    pub fn new(families: Families) -> Self {
        Self {
            families,
            ..Self::default()
        }
    }

    /// The policies in force.
    pub fn current(&self) -> Arc<InForce> {
        self.current.load_full()
    }

    /// What belongs to which family.
    pub fn families(&self) -> &Families {
        &self.families
    }

    /// Reads them again. As long as nothing was changed, it costs a look at the versions.
    ///
    /// # Errors
    /// Transient if the database cannot be read; the snapshot stays.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let mut read = self.read.lock().await;
        let before = read.clone();
        let reading = store.read(move |conn| {
            let state = (policies::marks(conn)?, groups::marks(conn)?);
            if before.as_ref() == Some(&state) {
                return Ok(None);
            }
            // What changes between the queries is noticed the next time.
            Ok(Some((state, policies::list(conn)?, members(conn)?)))
        });
        let Some((state, stored, members)) = reading.await? else {
            return Ok(());
        };
        let policies = stored
            .into_iter()
            .map(|policy| (policy.id, policy.spec.0))
            .collect();
        self.current.store(Arc::new(InForce {
            policies,
            members,
            families: self.families.clone(),
        }));
        *read = Some(state);
        Ok(())
    }
}

fn members(conn: &mut Conn) -> StoreResult<Members> {
    let groups = groups::list(conn)?.into_iter();
    let sets = groups.map(|group| {
        (
            group.id,
            group.members.0.into_iter().collect::<HashSet<_>>(),
        )
    });
    Ok(sets.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::domain::policy::defaults;

    #[test]
    fn whatever_the_default_policies_name_there_is() {
        let specs = scanner_node::detect::builtin_specs().unwrap();
        let kinds: BTreeSet<&str> = specs.iter().map(|spec| spec.info_type.as_str()).collect();
        let families = scanner_node::detect::families().unwrap();
        let families: BTreeSet<&str> = families.values().map(String::as_str).collect();
        for rule in defaults().iter().flat_map(|policy| &policy.rules) {
            for kind in &rule.info_types {
                assert!(kinds.contains(kind.as_str()), "{kind}");
            }
            for family in &rule.families {
                assert!(families.contains(family.as_str()), "{family}");
            }
        }
    }
}
