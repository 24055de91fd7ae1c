//! The vocabulary of Landfall and its rules: people and devices, facts and statuses.
//!
//! Everything here is a value or a pure function. No I/O, no async, no clock (except the one behind
//! [`time::WallClock`]), no SQL, no HTTP. `serde` derives are allowed, formats are not (ADR 0003).

pub mod activity;
pub mod attempt;
pub mod attributes;
pub mod channel;
pub mod content;
pub mod credit;
pub mod decide;
pub mod delivery;
pub mod device;
#[cfg(test)]
mod drift;
pub mod event_data;
pub mod fact;
pub mod identifier;
pub mod ids;
pub mod input;
pub mod limits;
pub mod marks;
pub mod message;
pub mod naming;
pub mod person;
pub mod reason;
pub mod retry;
pub mod run;
pub mod status;
pub mod time;
pub mod work;
pub mod working_set;
