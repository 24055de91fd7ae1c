//! Bad days through the whole path: a SQLite store, the dispatcher, the real senders for APNs and FCM,
//! the simulated providers over TLS on loopback, and phones that know what they really got.
//!
//! Our side runs on a clock that is moved by hand; the network runs in real time, without waiting for it.

mod connections;
mod door;
mod messages;
mod outages;
mod world;
