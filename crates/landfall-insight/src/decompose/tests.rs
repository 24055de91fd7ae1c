mod coverage;
mod golden;
mod laws;
