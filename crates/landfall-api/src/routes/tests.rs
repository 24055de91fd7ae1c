//! The ways in over HTTP, on a real store: what is answered, what is stored, what is noted.

mod credentials;
mod diagnosis;
mod gate;
mod hooks;
mod house;
mod limits;
mod mail_events;
mod metrics;
mod openapi;
mod own;
mod pipelines;
mod quarantine;
mod receipts;
mod refusals;
mod sdk;
mod segments;
mod texts;
mod track;
mod trails;
mod unsubscribe;

use serde_json::{Value, json};

use self::house::{Answer, House, push_event};
