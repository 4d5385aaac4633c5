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
//! | [`Enforcer`] | doing in Slack what was decided | nothing: what was done and not recorded is found done |
//! | [`Listener`] | hearing Slack over connections that Weir opens | nothing: what is not acknowledged comes again |
//! | [`Surveyor`] | asking Slack who the installations are | nothing |
//! | [`Backfiller`] | reading again what was said | nothing: reading goes on behind the last page that was taken in |
//!
//! **Invariant:** whatever an actor holds can be read again from the database.

mod admission;
mod aggregator;
mod backfiller;
mod dispatcher;
mod enforcer;
mod intake;
mod janitor;
mod listener;
mod notary;
mod notifier;
mod redispatcher;
mod surveyor;

pub use admission::{Admission, Place};
pub use aggregator::{Aggregator, AggregatorParts};
pub use backfiller::{Backfiller, BackfillerParts};
pub use dispatcher::{Dispatch, Dispatcher, Ready};
pub use enforcer::{Enforcer, EnforcerParts};
pub use intake::{Intake, IntakeError, TakeIn};
pub use janitor::{Janitor, JanitorParts};
pub use listener::{Listener, ListenerParts};
pub use notary::{Notary, NotaryParts};
pub use notifier::{Notifier, NotifierParts};
pub use redispatcher::{Redispatcher, Round, Sweep};
pub use surveyor::{Surveyor, SurveyorParts};
