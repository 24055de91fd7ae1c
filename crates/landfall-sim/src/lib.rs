//! Simulated providers and phones. They speak the providers' protocols so that senders cannot tell them
//! from the real ones, answer what a [`script`] says, and keep the ground truth of what they took.
//!
//! Nothing here knows how Landfall sends: the facts come from the providers' documents and from
//! measurements with independent clients, and such clients run against the simulators in this crate's
//! tests.

pub mod apns;
pub mod certificate;
pub mod fcm;
pub mod http;
pub mod phones;
pub mod receiver;
pub mod script;
pub mod shop;
pub mod slack;
pub mod sms_gateway;
pub mod smtp;
pub mod truth;
pub mod twilio;
pub mod web_push;
