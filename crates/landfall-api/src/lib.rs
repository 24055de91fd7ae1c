//! The doors of Landfall over HTTP: Customer.io's Track, Pipelines and App APIs, its reporting
//! webhooks, and Landfall's own API.
//!
//! Handlers parse, submit to the engine or read from it, and shape answers. No handler knows a
//! database or a provider.

pub mod app;
mod auth;
mod body;
pub mod import;
pub mod landfall;
pub mod parse;
mod rejected;
mod role;
mod routes;

pub use app::{App, Settings, router};
pub use landfall::openapi_json;
