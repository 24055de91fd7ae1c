//! Incidents and rules: one incident for each cause, rules tried on history before they are saved.
