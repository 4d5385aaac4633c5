//! `/api/v1/messages` and `/api/v1/findings`: what was caught.

mod list;
