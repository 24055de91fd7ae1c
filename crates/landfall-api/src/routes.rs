//! Routes of the surfaces that are Customer.io's, by surface.

pub(crate) mod app;
pub(crate) mod health;
pub(crate) mod hooks;
#[cfg(test)]
mod launch;
pub(crate) mod pipelines;
mod segments;
pub(crate) mod track;
pub(crate) mod unsubscribe;

#[cfg(test)]
mod tests;
