//! `/api/v1/auth`: signing in, staying signed in, signing out; registering; passwords.
//!
//! Owns the routes. What they do is for `accounts`; how often a stranger may call them is in their guard.
//! **Invariant:** no answer tells a stranger whether an address is known, but that of registering, which an
//! operator must have allowed.

mod password;
mod register;
mod session;

pub use password::{
    __path_change_password, __path_forgot, __path_reset, ForgottenRequest, PasswordChange,
    ResetRequest, change_password, forgot, reset,
};
pub use register::{__path_register, register};
pub use session::{
    __path_login, __path_logout, __path_logout_all, __path_me, __path_refresh, LoginRequest, Me,
    RefreshRequest, Session, login, logout, logout_all, me, refresh,
};
