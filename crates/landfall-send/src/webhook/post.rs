//! Posting reports to the addresses that clients subscribed (reporting webhooks out).

use std::time::Duration;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::classify;
use super::request::signed;
use crate::Network;
use crate::credential::CredentialError;
use crate::http_call::{HttpCall, http_url};
use crate::reach;

/// How long a receiver has for its answer (reporting-webhooks.md 1).
pub const TIMEOUT: Duration = Duration::from_secs(4);

/// Whether reports may be posted to an address, as far as the address itself says; where its name leads
/// is looked at with every report.
///
/// # Errors
/// What is wrong with it.
pub fn check_endpoint(url: &str, network: &Network) -> Result<(), String> {
    let url = http_url(url).map_err(str::to_owned)?;
    if network.private_allowed {
        return Ok(());
    }
    reach::check_literal(&url).map_err(|refusal| refusal.to_string())
}

/// Posts reports. Shared by all who post; it keeps connections open.
#[derive(Clone)]
pub struct ReportPoster {
    http: HttpCall,
}

impl ReportPoster {
    /// From the settings of the network, whose authorities it trusts beside the usual ones.
    ///
    /// # Errors
    /// When the authorities' certificates cannot be read.
    pub fn new(network: &Network) -> Result<Self, CredentialError> {
        let http = HttpCall::new(network, None)?;
        Ok(Self { http })
    }

    /// Posts one JSON body and waits for the answer, at most for `timeout`; usually [`TIMEOUT`]. The
    /// signature carries `now`, so that a later try is signed anew.
    ///
    /// Accepted is any 2xx. The answer keeps the status, by which the caller chooses its pause; an
    /// answer without status means that there was none: the reason tells whether nothing was written
    /// (`connection_failed`), the address is not allowed (`provider_config`), or nobody knows.
    pub async fn post(
        &self,
        url: &str,
        signing_key: Option<&str>,
        body: &[u8],
        timeout: Duration,
        now: Timestamp,
    ) -> Answer {
        let url = match http_url(url) {
            Ok(url) => url,
            Err(problem) => {
                let words = format!("the URL {problem}");
                return Answer::refused_saying(Reason::ProviderConfig, &words);
            }
        };
        let mut request = self
            .http
            .request(Method::POST, &url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .timeout(timeout);
        if let Some(key) = signing_key {
            request = signed(request, key, now, body);
        }
        match self.http.call(request.body(body.to_vec()), now).await {
            Ok(reply) => classify::answer(&reply),
            Err(error) => error.into(),
        }
    }
}
