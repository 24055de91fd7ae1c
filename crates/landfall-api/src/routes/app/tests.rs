//! The App API in process: inputs go in through the workspace, answers are read back by HTTP.

mod activities;
mod campaigns;
mod deliveries;
mod exports;
mod metrics;
mod people;
mod reporting_webhooks;
mod segments;
mod send;
mod shop;
mod snippets;
mod suppression;
