//! What happens in Slack, with real processes and the stand-in for Slack.

mod backfills;
mod chaos;
mod deaths;
mod hostile;
mod installing;
mod otherwise;
mod refusals;
mod sealed;
mod stories;
mod together;
mod troubles;
