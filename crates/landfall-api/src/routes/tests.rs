//! The ways in over HTTP, on a real store: what is answered, what is stored, what is noted.

mod alerts;
mod conversions;
mod credentials;
mod diagnosis;
mod drafts;
mod experiments;
mod gate;
mod hooks;
mod house;
mod identity;
mod journey_hooks;
mod limits;
mod mail_events;
mod metrics;
mod openapi;
mod own;
mod pipelines;
mod policy;
mod quarantine;
mod receipts;
mod refusals;
mod sdk;
mod segments;
mod texts;
mod track;
mod trails;
mod unsubscribe;
mod users;
mod views;

use serde_json::{Value, json};

use self::house::{Answer, House, push_event};
