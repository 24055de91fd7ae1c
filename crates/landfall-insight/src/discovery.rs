//! Many series at once: online control of the false discovery rate (diagnosis.md 3.1).
