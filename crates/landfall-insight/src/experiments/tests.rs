mod golden;
mod guardrail;
mod honest;

use super::*;

/// A variant with half of the people, of whom so many were delivered and converted.
fn arm(name: &str, people: [u64; 5], converted: u64, of_delivered: u64) -> Arm {
    Arm {
        name: name.to_owned(),
        share: 0.5,
        people,
        converted,
        converted_of_delivered: of_delivered,
        ..Arm::default()
    }
}

fn experiment(arms: Vec<Arm>) -> Experiment {
    Experiment {
        arms,
        slices: Vec::new(),
        alpha: 0.05,
        planned: 40_000,
        excluded: Vec::new(),
    }
}
