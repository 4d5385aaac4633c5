//! What a user does, from outside: real processes, real requests.

mod canary;
mod embedded;
mod trace;
