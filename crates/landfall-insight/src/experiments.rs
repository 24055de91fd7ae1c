//! Experiments: per assigned, per delivered, intervals that hold however often one looks (diagnosis.md 6).
