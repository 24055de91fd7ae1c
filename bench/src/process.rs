//! What the system says about processes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Clock ticks a second in `/proc`: fixed for programs, whatever the kernel's own clock does.
const TICKS: f64 = 100.0;

/// Processor time in seconds, of user and system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// By the process.
    pub own: f64,
    /// By its children that have ended and were waited for.
    pub children: f64,
}

/// What a process has spent; `self` is this one.
pub fn spent(process: &str) -> Result<Spent> {
    let stat = fs::read_to_string(Path::new("/proc").join(process).join("stat"))?;
    // The name of the program, in brackets, may hold spaces.
    let rest = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<f64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    let at = |index: usize| fields.get(index).copied().unwrap_or(0.0) / TICKS;
    Ok(Spent {
        own: at(11) + at(12),
        children: at(13) + at(14),
    })
}

/// Resident memory of this process in bytes, without pages of files that are mapped: the system takes
/// those back when it needs room.
pub fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: u64 = kilobytes.context("no RssAnon in status")?.parse()?;
    Ok(kilobytes * 1_024)
}

/// What the machine is.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus.lines().find(|line| line.starts_with("model name"));
    let name = name
        .and_then(|line| line.split_once(": "))
        .map_or("", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!("{cores} cores, {name}, load before the start {load}")
}
