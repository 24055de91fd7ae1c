//! Change detection on rates with counts: an e-detector with estimated baselines (diagnosis.md 3).
