//! What several benchmarks use: figures and how they are shown, what the system says about processes, a
//! workspace full of people, and a data folder full of deliveries with the real server on it.

pub mod figures;
pub mod ledger;
pub mod process;
pub mod shop;
