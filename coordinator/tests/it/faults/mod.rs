//! What must hold whatever dies: processes, queue, database, actors.
//!
//! Each claim ends with the ledger: every event that got a 200 has one result, nothing is open, nothing is
//! left on the queue.
//! **Invariant:** a fault is shown to have struck before its effects are judged.

mod coordinator;
mod database;
mod entries;
mod notifier;
mod panics;
mod queue;
mod scanner;
mod shutdown;
