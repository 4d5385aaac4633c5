//! `/api/v1/auth`.

mod credentials;
mod limits;
mod login;
mod logout;
mod me;
mod password;
mod refresh;
mod register;
mod sharing;
