//! A load generator: blocking HTTP/1.1 connections that stay open, one thread each.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// `site:key` of the server that is measured.
const BASIC: &str = "c2l0ZS0xOmtleS0x";

/// A closed loop: each connection sends its next call when the last was answered.
pub struct Load {
    pub address: SocketAddr,
    pub length: Duration,
}

impl Load {
    /// Each connection sends its calls, which were made before, round and round; returns answered
    /// calls.
    pub fn run(&self, calls: &[Vec<Vec<u8>>]) -> Result<f64> {
        let answered = AtomicU64::new(0);
        let end = Instant::now() + self.length;
        std::thread::scope(|scope| {
            let threads: Vec<_> = calls
                .iter()
                .map(|calls| {
                    let answered = &answered;
                    scope.spawn(move || self.connection(calls, end, answered))
                })
                .collect();
            for thread in threads {
                thread
                    .join()
                    .map_err(|_| anyhow::anyhow!("a connection's thread died"))??;
            }
            Ok::<_, anyhow::Error>(())
        })?;
        Ok(answered.load(Ordering::Relaxed) as f64)
    }

    fn connection(&self, calls: &[Vec<u8>], end: Instant, answered: &AtomicU64) -> Result<()> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        for call in calls.iter().cycle() {
            stream.write_all(call)?;
            read_answer(&mut answers)?;
            if Instant::now() >= end {
                return Ok(());
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn read_answer(answers: &mut BufReader<TcpStream>) -> Result<()> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().context("content-length")?;
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body)?;
    if status != "200" {
        bail!("answered {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}

pub fn post(path: &str, body: &[u8]) -> Vec<u8> {
    request("POST", path, body)
}

pub fn put(path: &str, body: &[u8]) -> Vec<u8> {
    request("PUT", path, body)
}

fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {BASIC}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}
