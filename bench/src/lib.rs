//! What several benchmarks use: figures and how they are shown, what the system says about processes, and
//! a workspace full of people.

pub mod figures;
pub mod process;
pub mod shop;
