//! Query parameters and page cursors.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::time::Timestamp;

use super::refusal::Refusal;

/// The parameters of a query, decoded. The first of a name counts; blank ones count as absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|error| Refusal::bad(format!("the query cannot be read: {error}")))
    }
}

impl Params {
    /// One parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// One parameter as a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Refusal::bad(format!("{name}: `{text}` is not a number that fits")))
        };
        self.text(name).map(parse).transpose()
    }

    /// One parameter as yes or no; absent is no.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(other) => Err(Refusal::bad(format!(
                "{name}: `{other}` is neither true nor false"
            ))),
        }
    }

    /// One parameter as a time in seconds since the epoch.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        Ok(self.number::<i64>(name)?.map(Timestamp::from_seconds))
    }

    /// Page size: at least 1; more than `max` is taken as `max`.
    pub(super) fn limit(&self, default: usize, max: usize) -> Result<usize, Refusal> {
        match self.number::<usize>("limit")? {
            None => Ok(default),
            Some(0) => Err(Refusal::bad(format!("limit: give 1 to {max}"))),
            Some(limit) => Ok(limit.min(max)),
        }
    }

    /// The numbers in the cursor that `start` carries, `N` of them, made by [`cursor`] with `tag`.
    pub(super) fn start<const N: usize>(&self, tag: &str) -> Result<Option<[i64; N]>, Refusal> {
        let Some(text) = self.text("start") else {
            return Ok(None);
        };
        let foreign =
            || Refusal::bad("start: not a cursor of this list; give the `next` of the page before");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        let plain = String::from_utf8(bytes).map_err(|_| foreign())?;
        let numbers = plain.strip_prefix(tag).ok_or_else(foreign)?;
        let numbers: Option<Vec<i64>> = numbers
            .split('.')
            .skip(1)
            .map(|number| number.parse().ok())
            .collect();
        let numbers = numbers.and_then(|numbers| <[i64; N]>::try_from(numbers).ok());
        numbers.map(Some).ok_or_else(foreign)
    }
}

/// An opaque cursor: where the list `tag` goes on.
pub(super) fn cursor(tag: &str, numbers: &[i64]) -> String {
    let mut plain = tag.to_owned();
    for number in numbers {
        plain.push('.');
        plain.push_str(&number.to_string());
    }
    URL_SAFE_NO_PAD.encode(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params(
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_cursor_comes_back_only_to_its_own_list() {
        let next = cursor("m", &[-5, i64::MAX]);
        let start = params(&[("start", &next)]);
        assert_eq!(start.start::<2>("m").unwrap(), Some([-5, i64::MAX]));
        assert!(start.start::<2>("p").is_err());
        assert!(start.start::<1>("m").is_err());
        assert!(params(&[("start", "?")]).start::<2>("m").is_err());
        assert_eq!(params(&[("start", "")]).start::<2>("m").unwrap(), None);
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(params(&[]).limit(50, 1_000).unwrap(), 50);
        assert_eq!(params(&[("limit", "7")]).limit(50, 1_000).unwrap(), 7);
        assert_eq!(
            params(&[("limit", "5000")]).limit(50, 1_000).unwrap(),
            1_000
        );
        assert!(params(&[("limit", "0")]).limit(50, 1_000).is_err());
        assert!(params(&[("limit", "x")]).limit(50, 1_000).is_err());
    }
}
