//! Posting one event.

use std::pin::Pin;

use landfall_domain::attempt::Answer;
use landfall_domain::time::Timestamp;
use landfall_send::webhook::{ReportPoster, TIMEOUT};

/// An answer on its way.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Posts events to endpoints.
pub trait Poster: Send + Sync {
    /// Posts a signed body and tells what was answered; never takes much longer than
    /// [`TIMEOUT`]. Accepted is any 2xx.
    fn post<'a>(&'a self, url: &'a str, key: &'a str, body: &'a str, now: Timestamp)
    -> Posting<'a>;
}

impl Poster for ReportPoster {
    fn post<'a>(
        &'a self,
        url: &'a str,
        key: &'a str,
        body: &'a str,
        now: Timestamp,
    ) -> Posting<'a> {
        Box::pin(async move {
            let body = body.as_bytes();
            Self::post(self, url, Some(key), body, TIMEOUT, now).await
        })
    }
}
