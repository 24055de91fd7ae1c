//! Requests to the push service: messages to push resources, and `DELETE` of message resources.

use std::sync::{Arc, PoisonError};

use ::http::{Method, Response, StatusCode};
use bytes::Bytes;

use super::problem::{Problem, Style};
use super::state::{Content, Taken};
use super::vapid::{self, Identity};
use super::{Answer, Shared, headers};
use crate::http::{Canned, Endpoint, Gate, Received, Reply, set};
use crate::script::Request;

/// Where push resources begin.
pub(super) const PUSH: &str = "/push/";
/// Where message resources begin.
const MESSAGE: &str = "/m/";

/// Why a message was refused: the problem, and more words where there are any.
struct Refusal {
    problem: Problem,
    detail: Option<String>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            detail: None,
        }
    }
}

impl Endpoint for Shared {
    fn reply(&self, request: Received) -> Reply {
        let path = request.uri.path().to_owned();
        if let Some(message) = path.strip_prefix(MESSAGE) {
            return Reply::Answer(self.withdraw(&request.method, message));
        }
        let Some(id) = path.strip_prefix(PUSH) else {
            return Reply::Answer(self.refused(&Problem::UnknownEndpoint.into()));
        };
        if request.method != Method::POST {
            return Reply::Answer(self.refused(&Problem::MethodNotAllowed.into()));
        }
        match self.scripted(id, &request).as_deref() {
            None => Reply::Answer(self.push(id, &request, StatusCode::CREATED)),
            Some(Answer::Accept(status)) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::CREATED);
                Reply::Answer(self.push(id, &request, status))
            }
            Some(Answer::Refuse {
                problem,
                style,
                retry_after,
            }) => {
                let style = style.unwrap_or(self.options.style);
                Reply::Answer(self.styled(problem.answer(style, *retry_after, None), style))
            }
            Some(Answer::Fault(fault)) => {
                Reply::under(fault, || self.push(id, &request, StatusCode::CREATED))
            }
        }
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Shared {
    fn scripted(&self, id: &str, request: &Received) -> Option<Arc<Answer>> {
        let facts: Vec<_> = ["topic", "urgency"]
            .into_iter()
            .filter_map(|name| Some((name, request.header(name)?)))
            .collect();
        self.script.decide(&Request {
            recipient: id,
            facts: &facts,
        })
    }

    /// Takes a message or refuses it, as the real service would.
    fn push(&self, id: &str, request: &Received, status: StatusCode) -> Response<Bytes> {
        match self.take(id, request) {
            Ok(taken) => self.accepted(&taken, status),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn take(&self, id: &str, request: &Received) -> Result<Taken, Refusal> {
        let now = self.now();
        let (keys, bound_to) = {
            let state = self.state();
            let subscriber = state.subscriber(id, now)?;
            (Arc::clone(&subscriber.keys), subscriber.bound_to.clone())
        };
        let sender = self.identified(request, bound_to.as_deref())?;
        if request.body.len() > self.options.largest_body {
            return Err(Problem::TooLarge.into());
        }
        let mut wishes = headers::read(request)?;
        wishes.ttl = wishes.ttl.min(self.options.longest_ttl);
        let content = if request.body.is_empty() {
            Content::Empty
        } else {
            match keys.open(&request.body) {
                Ok(text) => Content::Plain(text.into()),
                Err(unreadable) if self.options.refuses_unreadable => {
                    return Err(Refusal {
                        problem: unreadable.into(),
                        detail: Some(unreadable.to_string()),
                    });
                }
                Err(unreadable) => Content::Unreadable(unreadable),
            }
        };
        let taken = self.state().take(id, wishes, sender, content, now);
        self.tell(&taken);
        Ok(taken)
    }

    /// Who sends. A restricted subscription takes nothing from anybody else (RFC 8292 section 4.2).
    fn identified(
        &self,
        request: &Received,
        bound_to: Option<&[u8]>,
    ) -> Result<Option<Identity>, Refusal> {
        let header = request.header("authorization");
        if header.is_none() && bound_to.is_none() && !self.options.needs_vapid {
            return Ok(None);
        }
        let identity =
            vapid::check(header, &self.origin, self.now()).map_err(|refused| Refusal {
                problem: (&refused).into(),
                detail: Some(refused.to_string()),
            })?;
        if bound_to.is_some_and(|key| key != identity.key) {
            return Err(Problem::ForeignKey.into());
        }
        Ok(Some(identity))
    }

    fn tell(&self, taken: &Taken) {
        let watcher = self
            .watcher
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(watcher) = watcher {
            watcher(taken);
        }
    }

    fn accepted(&self, taken: &Taken, status: StatusCode) -> Response<Bytes> {
        let mut response: Response<Bytes> = Canned::status(status.as_u16()).into();
        let headers = response.headers_mut();
        let resource = format!("{}{MESSAGE}{}", self.origin, taken.message);
        set(headers, "location", &resource);
        set(headers, "ttl", &taken.ttl.to_string());
        if status == StatusCode::ACCEPTED {
            // What a sender asks for with `Prefer: respond-async` (RFC 8030 section 5.1).
            let receipt = format!(
                "<{}/r/{}>; rel=\"urn:ietf:params:push:receipt\"",
                self.origin, taken.message
            );
            set(headers, "link", &receipt);
        }
        self.styled(response, self.options.style)
    }

    fn withdraw(&self, method: &Method, message: &str) -> Response<Bytes> {
        if method != Method::DELETE {
            return self.refused(&Problem::MethodNotAllowed.into());
        }
        let now = self.now();
        if self.state().withdraw(message, now) {
            Canned::status(204).into()
        } else {
            Canned::status(404).into()
        }
    }

    fn refused(&self, refusal: &Refusal) -> Response<Bytes> {
        let style = self.options.style;
        let detail = refusal.detail.as_deref();
        self.styled(refusal.problem.answer(style, None, detail), style)
    }

    /// Adds what a style adds to every answer.
    fn styled(&self, mut response: Response<Bytes>, style: Style) -> Response<Bytes> {
        if style == Style::Apple {
            let id = uuid(self.drawn());
            set(response.headers_mut(), "apns-id", &id);
        }
        response
    }
}

/// A number in the form 8-4-4-4-12.
fn uuid(number: u128) -> String {
    let hex = format!("{number:032X}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}
