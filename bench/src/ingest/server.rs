//! The server that is measured: a real binary with its own data folder.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

pub struct Server {
    child: Child,
    folder: PathBuf,
    pub address: SocketAddr,
}

impl Server {
    /// Starts with a new data folder at `folder`.
    pub fn start(landfall: &Path, folder: &Path, options: &[&str]) -> Result<Self> {
        let folder = folder.to_owned();
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let made = Command::new(landfall)
            .args([
                "init",
                "--workspace",
                "bench",
                "--site-id",
                "site-1",
                "--track-key",
                "key-1",
                "--data",
            ])
            .arg(&folder)
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("{} cannot be started", landfall.display()))?;
        if !made.success() {
            bail!("landfall init failed");
        }
        let mut child = Command::new(landfall)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&folder)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout")?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("landfall listens on http://")
            .with_context(|| format!("the server said: {line}"))?
            .parse()?;
        Ok(Self {
            child,
            folder,
            address,
        })
    }

    /// Processor time that it used so far, in seconds (the kernel counts in hundredths).
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(')').context("stat")?.1;
        let ticks = after_name.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks
            .map(|ticks| ticks.parse::<u64>().unwrap_or_default())
            .sum();
        Ok(ticks as f64 / 100.0)
    }

    /// Resident memory in megabytes (10^6 bytes), as the kernel tells it.
    pub fn resident_mb(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib: u64 = line
            .and_then(|line| line.split_whitespace().nth(1))
            .context("VmRSS")?
            .parse()?;
        Ok(kib * 1_024 / 1_000_000)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
