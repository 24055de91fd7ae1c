//! How likely a token still reaches anybody, and the reach of a segment (diagnosis.md 5).
