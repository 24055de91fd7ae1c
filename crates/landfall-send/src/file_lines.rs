//! Reading a file of lines from somebody's server, a piece at a time: audiences of broadcasts that come as
//! a file (app-api.md 6.1). Gzip or plain, of any length; only the piece at hand is in memory.

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::time::Duration;

use flate2::write::GzDecoder;
use reqwest::{Method, Response};

use crate::Network;
use crate::http_call::{HttpCall, http_url};

/// How long a whole file may take.
const WHOLE: Duration = Duration::from_hours(2);
/// Longest line, in bytes (app-api.md 6.1: 2 MB for each person).
const LINE_BYTES_MAX: usize = 2 << 20;

/// The file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file cannot be read: {0}")]
pub struct FileError(String);

/// A file on its way.
pub struct FileLines {
    response: Response,
    unpack: Unpack,
    rest: Vec<u8>,
}

enum Unpack {
    Unknown,
    Plain,
    Gzip(Box<GzDecoder<Vec<u8>>>),
}

impl FileLines {
    /// Begins to read. Redirects are not followed; private addresses are refused unless allowed.
    ///
    /// # Errors
    /// When the address is none, cannot be reached, or answers with anything but 200.
    pub async fn open(network: &Network, url: &str) -> Result<Self, FileError> {
        let told = |error: &dyn std::fmt::Display| FileError(error.to_string());
        let url = http_url(url).map_err(|error| told(&error))?;
        let http = HttpCall::new(network, None).map_err(|error| told(&error))?;
        let request = http.request(Method::GET, &url).timeout(WHOLE);
        let response = http.open(request).await.map_err(|error| told(&error))?;
        if response.status().as_u16() != 200 {
            return Err(FileError(format!(
                "the server answers {}",
                response.status().as_u16()
            )));
        }
        Ok(Self {
            response,
            unpack: Unpack::Unknown,
            rest: Vec::new(),
        })
    }

    /// The next lines, at least one; `None` at the end. Blank lines are left out.
    ///
    /// # Errors
    /// When the connection breaks, a line is too long, or the text is not UTF-8.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, FileError> {
        loop {
            let chunk = self.response.chunk().await;
            let chunk = chunk.map_err(|_| FileError("the connection broke".to_owned()))?;
            let Some(chunk) = chunk else {
                return self.last();
            };
            self.take(&chunk)?;
            let lines = self.whole_lines()?;
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        if let Unpack::Unknown = self.unpack {
            self.unpack = match chunk {
                [0x1f, 0x8b, ..] => Unpack::Gzip(Box::new(GzDecoder::new(Vec::new()))),
                _ => Unpack::Plain,
            };
        }
        match &mut self.unpack {
            Unpack::Gzip(unpack) => {
                let broken = |_| FileError("it is not whole gzip".to_owned());
                unpack.write_all(chunk).map_err(broken)?;
                self.rest.append(unpack.get_mut());
            }
            Unpack::Unknown | Unpack::Plain => self.rest.extend_from_slice(chunk),
        }
        Ok(())
    }

    fn whole_lines(&mut self) -> Result<Vec<String>, FileError> {
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            if self.rest.len() > LINE_BYTES_MAX {
                return Err(FileError(format!(
                    "a line is longer than {LINE_BYTES_MAX} bytes"
                )));
            }
            return Ok(Vec::new());
        };
        let tail = self.rest.split_off(end + 1);
        let text = std::mem::replace(&mut self.rest, tail);
        lines(text)
    }

    fn last(&mut self) -> Result<Option<Vec<String>>, FileError> {
        if let Unpack::Gzip(unpack) = &mut self.unpack {
            let broken = |_| FileError("it is not whole gzip".to_owned());
            unpack.try_finish().map_err(broken)?;
            self.rest.append(unpack.get_mut());
        }
        let lines = lines(std::mem::take(&mut self.rest))?;
        Ok(Some(lines).filter(|lines| !lines.is_empty()))
    }
}

fn lines(text: Vec<u8>) -> Result<Vec<String>, FileError> {
    let text = String::from_utf8(text).map_err(|_| FileError("it is not UTF-8".to_owned()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
