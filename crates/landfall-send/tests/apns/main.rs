//! The APNs sender against the simulated APNs, over TLS on loopback.

mod answers;
mod connections;
mod line;
