//! Whole workspaces on a real store in a temporary folder, with clocks that stand still.

mod faults;
mod intake;
mod shop;
