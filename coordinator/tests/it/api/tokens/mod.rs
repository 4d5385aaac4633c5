//! `/api/v1/tokens`.

mod create;
mod list;
mod revoke;
