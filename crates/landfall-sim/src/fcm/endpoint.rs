//! The two addresses that are served: sending, and access tokens.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap};
use http::{Method, Response};
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::answer::{FcmAnswer, Refusal, Row, TokenAnswer};
use super::message::{self, Message};
use super::oauth::{self, Grants, OauthError};
use super::record::{Accepted, Counters, Ended, Taken};
use super::registry::Registry;
use super::{FcmOptions, GRANTED_SECONDS, ServiceAccount};
use crate::http::{Canned, Endpoint, Fault, Gate, Received, Reply};
use crate::script::{Request, ScriptHandle};
use crate::truth::Ledger;

/// What requests and the simulator's owner share.
pub(super) struct Shared {
    pub(super) base: String,
    pub(super) account: ServiceAccount,
    pub(super) script: ScriptHandle<FcmAnswer>,
    pub(super) token_script: ScriptHandle<TokenAnswer>,
    pub(super) gate: Gate,
    pub(super) grants: Grants,
    pub(super) registry: Registry,
    pub(super) ledger: Ledger<Taken>,
    pub(super) counters: Counters,
    pub(super) options: FcmOptions,
}

impl Endpoint for Shared {
    fn reply(&self, request: Received) -> Reply {
        if request.method != Method::POST {
            return Reply::Answer(Canned::edge(404).into());
        }
        let path = request.uri.path();
        if path == "/token" {
            return self.token(&request);
        }
        let project = path
            .strip_prefix("/v1/projects/")
            .and_then(|rest| rest.strip_suffix("/messages:send"))
            .filter(|project| !project.is_empty() && !project.contains('/'));
        match project {
            Some(project) => self.send(&request, project),
            None => Reply::Answer(Canned::edge(404).into()),
        }
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }
}

/// A request that is being judged.
struct Case<'r> {
    request: &'r Received,
    now: Timestamp,
    message: Option<Message>,
}

impl Shared {
    pub(super) fn token_uri(&self) -> String {
        format!("{}/token", self.base)
    }

    fn record(&self, case: Case<'_>, ended: Ended) {
        self.counters.count(&ended);
        self.ledger.keep(|| {
            let request = case.request;
            Taken {
                at: case.now,
                request: format!("{} {}", request.method, request.uri.path()),
                over_http2: request.uri.scheme().is_some(),
                headers: texts(&request.headers),
                body: request.body.clone(),
                message: case.message.map(|message| message.fields),
                ended,
            }
        });
    }

    /// Answers a message.
    fn send(&self, request: &Received, project: &str) -> Reply {
        let now = self.options.clock.now();
        let read = message::read(&request.body);
        let natural = self
            .may_send(&request.headers, project, now)
            .and_then(|()| read.as_ref().map_err(Clone::clone))
            .and_then(message::check);
        let message = read.ok();
        // The script stands for what FCM does with messages that it would take.
        let scripted = match (&natural, &message) {
            (Ok(()), Some(message)) => self.scripted(message, project),
            _ => None,
        };
        let case = Case {
            request,
            now,
            message,
        };
        match scripted.as_deref() {
            Some(FcmAnswer::Refuse(refusal)) => Reply::Answer(self.refuse(case, refusal)),
            Some(FcmAnswer::Fault(fault)) => self.fault(case, fault, |case, answered| {
                self.conclude(case, project, natural, answered)
            }),
            Some(FcmAnswer::Natural) | None => {
                Reply::Answer(self.conclude(case, project, natural, true))
            }
        }
    }

    /// Does what a fault says; `effect` does what the request asks for.
    fn fault<'r>(
        &self,
        case: Case<'r>,
        fault: &Fault,
        effect: impl FnOnce(Case<'r>, bool) -> Response<Bytes>,
    ) -> Reply {
        match fault {
            Fault::CloseBefore => self.record(case, Ended::Unprocessed),
            Fault::Canned(canned) => {
                self.record(case, Ended::Refused(canned.status.to_string()));
            }
            Fault::CloseAfter => return Reply::under(fault, || effect(case, false)),
            Fault::Hold => return Reply::under(fault, || effect(case, true)),
        }
        Reply::under(fault, || Canned::status(200).into())
    }

    /// Whether the sender may send for a project.
    fn may_send(&self, headers: &HeaderMap, project: &str, now: Timestamp) -> Result<(), Refusal> {
        if !self.options.checks_tokens {
            return Ok(());
        }
        let authorization = headers.get(AUTHORIZATION);
        let token = authorization
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        if !token.is_some_and(|token| self.grants.holds(token, now)) {
            return Err(Row::Unauthenticated.into());
        }
        if project == self.account.project {
            Ok(())
        } else if self.options.foreign_projects.iter().any(|p| p == project) {
            Err(Row::PermissionDenied.into())
        } else {
            Err(Row::NoSuchProject.into())
        }
    }

    fn scripted(&self, message: &Message, project: &str) -> Option<Arc<FcmAnswer>> {
        if self.script.is_empty() {
            return None;
        }
        let stated = [
            ("priority", "/android/priority"),
            ("collapse_key", "/android/collapse_key"),
            ("analytics_label", "/fcm_options/analytics_label"),
        ];
        let facts: Vec<_> = [
            ("project", project),
            ("target", message.target.kind.field()),
        ]
        .into_iter()
        .chain(
            stated
                .into_iter()
                .filter_map(|(name, pointer)| Some((name, message.text(pointer)?))),
        )
        .collect();
        self.script.decide(&Request {
            recipient: &message.target.value,
            facts: &facts,
        })
    }

    /// Accepts a message, or refuses it for what is wrong with it.
    fn conclude(
        &self,
        case: Case<'_>,
        project: &str,
        natural: Result<(), Refusal>,
        answered: bool,
    ) -> Response<Bytes> {
        let known = natural.and_then(|()| {
            let target = case.message.as_ref().map(|message| &message.target);
            match target.filter(|target| target.kind.is_one_device()) {
                Some(target) => self.registry.check(&target.value),
                None => Ok(()),
            }
        });
        let message = match (known, &case.message) {
            (Err(refusal), _) => return self.refuse(case, &refusal),
            // What could not be read was refused for it.
            (Ok(()), None) => return self.refuse(case, &Row::InvalidArgument.into()),
            (Ok(()), Some(message)) => message,
        };
        if message.validate_only {
            self.record(case, Ended::Validated);
            let name = format!("projects/{project}/messages/fake_message_id");
            return Canned::json(200, &json!({"name": name})).into();
        }
        let name = self.grants.message_name(project, case.now);
        if let Some(on_accepted) = &self.options.on_accepted {
            on_accepted(&Accepted {
                at: case.now,
                name: name.clone(),
                target: message.target.clone(),
                message: message.fields.clone(),
            });
        }
        let answer = Canned::json(200, &json!({"name": name}));
        self.record(case, Ended::Accepted { name, answered });
        answer.into()
    }

    fn refuse(&self, case: Case<'_>, refusal: &Refusal) -> Response<Bytes> {
        self.record(case, Ended::Refused(refusal.name().to_owned()));
        refusal.answer().into()
    }

    /// Answers a request for an access token.
    fn token(&self, request: &Received) -> Reply {
        let now = self.options.clock.now();
        let scripted = if self.token_script.is_empty() {
            None
        } else {
            let issuer = oauth::issuer(&request.body).unwrap_or_default();
            self.token_script.decide(&Request {
                recipient: &issuer,
                facts: &[],
            })
        };
        let case = Case {
            request,
            now,
            message: None,
        };
        match scripted.as_deref() {
            None => Reply::Answer(self.grant(case, GRANTED_SECONDS)),
            Some(TokenAnswer::Grant { expires_in }) => Reply::Answer(self.grant(case, *expires_in)),
            Some(TokenAnswer::Refuse {
                status,
                error,
                description,
            }) => Reply::Answer(self.refuse_token(case, *status, error, description)),
            Some(TokenAnswer::Fault(fault)) => {
                self.fault(case, fault, |case, _| self.grant(case, GRANTED_SECONDS))
            }
        }
    }

    fn grant(&self, case: Case<'_>, seconds: u32) -> Response<Bytes> {
        let checked: Result<(), OauthError> = if self.grants.key_is_revoked() {
            Err((400, "invalid_grant", "Invalid JWT Signature."))
        } else {
            let body = &case.request.body;
            oauth::checked(body, &self.account, &self.token_uri(), case.now)
        };
        if let Err((status, error, description)) = checked {
            return self.refuse_token(case, status, error, description);
        }
        let token = self.grants.grant(seconds, case.now);
        self.record(case, Ended::Granted);
        let body = json!({
            "access_token": token,
            "expires_in": seconds,
            "token_type": "Bearer",
        });
        Canned::json(200, &body).into()
    }

    fn refuse_token(
        &self,
        case: Case<'_>,
        status: u16,
        error: &str,
        description: &str,
    ) -> Response<Bytes> {
        self.record(case, Ended::Refused(error.to_owned()));
        let body: Value = json!({"error": error, "error_description": description});
        Canned::json(status, &body).into()
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}
