//! Whole workspaces on a real store in a temporary folder, with clocks that stand still.

mod board;
mod catalogue;
mod coverage;
mod credentials;
mod directory;
pub(crate) mod faults;
mod heartbeat;
mod identity;
mod intake;
pub(crate) mod launch;
mod picture;
mod roster;
pub(crate) mod shop;
mod survival;
