//! `/api/v1/users`.

mod change;
mod create;
mod list;
