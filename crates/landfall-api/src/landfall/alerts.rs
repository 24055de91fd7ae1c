//! Alerts: incidents, rules of one's own, and where messages go.

pub(crate) mod answer;
pub(crate) mod channels;
pub(crate) mod incidents;
pub(crate) mod rules;
