//! `/api/v1/scans`.

mod create;
mod get;
mod list;
mod upload;
