//! Routes of the surfaces that are Customer.io's, by surface.

pub(crate) mod app;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod pipelines;
pub(crate) mod track;
