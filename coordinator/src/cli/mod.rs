//! The commands of `weir`.

pub mod serve;
