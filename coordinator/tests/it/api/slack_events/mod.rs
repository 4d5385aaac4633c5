//! `/slack/events`.

mod receive;
