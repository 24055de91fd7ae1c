//! Whole workspaces on a real store in a temporary folder, with clocks that stand still.

mod board;
mod faults;
mod intake;
mod picture;
mod shop;
