//! The actors of the pipeline.
//!
//! | actor | owns | loses with its life |
//! |---|---|---|
//! | [`Intake`] | the group commit before a 200 | events without their 200: Slack asks again |
//! | [`Dispatcher`] | the order in which new jobs are published | unpublished jobs: they are due soon |
//! | [`Redispatcher`] | the sweep over due jobs, the watch on the queue's memory | nothing |
//! | [`Aggregator`] | the reading of results and the commit that counts them | nothing: unacknowledged results come again |
//! | [`Janitor`] | deleting what nobody needs any more, reading rules again | nothing |
//! | [`Notary`] | signing the end of the audit trail, dropping its beginning | nothing |
//! | [`Notifier`] | sending mail and calling webhooks | nothing: what was sent and not recorded is sent again under the same name |
//!
//! **Invariant:** whatever an actor holds can be read again from the database.

mod admission;
mod aggregator;
mod dispatcher;
mod intake;
mod janitor;
mod notary;
mod notifier;
mod redispatcher;

pub use admission::{Admission, Place};
pub use aggregator::{Aggregator, AggregatorParts};
pub use dispatcher::{Dispatch, Dispatcher, Ready};
pub use intake::{Intake, IntakeError, TakeIn};
pub use janitor::{Janitor, JanitorParts};
pub use notary::{Notary, NotaryParts};
pub use notifier::{Notifier, NotifierParts};
pub use redispatcher::{Redispatcher, Round, Sweep};
