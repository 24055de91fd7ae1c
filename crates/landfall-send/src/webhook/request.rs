//! The request that a webhook message asks for.

#[cfg(test)]
mod tests;

use landfall_domain::content::WebhookContent;
use landfall_domain::time::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Url};
use serde::de::IgnoredAny;

use super::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use crate::http_call::{HttpCall, http_url};

/// Names the delivery, so that a server can tell a second copy.
pub(super) const DELIVERY_HEADER: &str = "X-Landfall-Delivery-ID";

/// Methods that a message may use.
const METHODS: &[Method] = &[
    Method::POST,
    Method::GET,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Headers that belong to the connection, or are ours to set.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-cio-signature",
    "x-cio-timestamp",
    "x-landfall-delivery-id",
];

/// A message asks for a request that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    /// The address.
    #[error("the URL {0}")]
    Url(&'static str),
    /// The method.
    #[error("the method must be GET, POST, PUT, PATCH or DELETE, not `{0}`")]
    Method(String),
    /// A header that may not be set.
    #[error("the header `{0}` cannot be set by a message")]
    Reserved(String),
    /// A header that is malformed.
    #[error("the header `{0}` has characters that no header may have")]
    Header(String),
}

/// A request, checked.
#[derive(Debug)]
pub(super) struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    /// Reads what a message asks for.
    pub(super) fn read(content: &WebhookContent) -> Result<Self, RequestError> {
        let method = method(content.method.as_deref())?;
        let body = content.body.as_deref().unwrap_or_default();
        // A body of a GET has no meaning (RFC 9110 section 9.3.1), and servers refuse or hang on it.
        let body = if method == Method::GET { "" } else { body };
        let mut headers = headers(content)?;
        if !body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, content_type(body));
        }
        Ok(Self {
            method,
            url: http_url(&content.url).map_err(RequestError::Url)?,
            headers,
            body: body.as_bytes().to_vec(),
        })
    }

    /// The request, signed when there is a key.
    pub(super) fn build(
        self,
        http: &HttpCall,
        delivery_id: &str,
        signing_key: Option<&str>,
        now: Timestamp,
    ) -> RequestBuilder {
        let mut request = http
            .request(self.method, &self.url)
            .headers(self.headers)
            .header(DELIVERY_HEADER, delivery_id);
        if let Some(key) = signing_key {
            request = signed(request, key, now, &self.body);
        }
        if self.body.is_empty() {
            return request;
        }
        request.body(self.body)
    }
}

/// The request with both headers of a signature.
pub(super) fn signed(
    request: RequestBuilder,
    key: &str,
    now: Timestamp,
    body: &[u8],
) -> RequestBuilder {
    request
        .header(TIMESTAMP_HEADER, now.seconds())
        .header(SIGNATURE_HEADER, sign(key, now, body))
}

fn method(given: Option<&str>) -> Result<Method, RequestError> {
    let name = given.map(str::trim).filter(|name| !name.is_empty());
    let name = name.unwrap_or("POST");
    let found = METHODS
        .iter()
        .find(|method| method.as_str().eq_ignore_ascii_case(name));
    found
        .cloned()
        .ok_or_else(|| RequestError::Method(name.to_owned()))
}

fn headers(content: &WebhookContent) -> Result<HeaderMap, RequestError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &content.headers {
        let malformed = || RequestError::Header(name.clone());
        let header = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| malformed())?;
        if RESERVED.contains(&header.as_str()) {
            return Err(RequestError::Reserved(name.clone()));
        }
        let value = HeaderValue::from_str(value.trim()).map_err(|_| malformed())?;
        headers.append(header, value);
    }
    Ok(headers)
}

fn content_type(body: &str) -> HeaderValue {
    HeaderValue::from_static(match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => "application/json",
        Err(_) => "text/plain; charset=utf-8",
    })
}
