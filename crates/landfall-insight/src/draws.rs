//! Random draws from a seed, the same on every machine: for bootstraps and for calibrating detectors.
