//! Messages about incidents: to whom, by which credential, tried until they are taken.
//!
//! A message is written down before it is handed over, and marked before the call. After a crash in between,
//! mails and webhooks are handed over again with the id that they had, by which a second copy is recognised
//! (`Message-ID`, the header with the delivery's id); a Slack webhook knows no ids, so what may have been posted
//! is not posted again.

use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::{Channel as Way, Provider};
use landfall_domain::content::{Content, EmailContent, SlackContent, WebhookContent};
use landfall_domain::reason::Reason;
use landfall_domain::retry::{Failure, TRIES_MAX, next_try};
use landfall_domain::time::{DAY_MS, MINUTE_MS, Timestamp};
use landfall_insight::alerts::{Account, Incident, Message, State, Tell};
use landfall_send::credential::WebhookCredential;
use landfall_send::{Address, Credential, Outgoing, Sender};
use serde_json::json;

use super::book::{Book, Particulars, Post, PostState};
use super::channels::{self, Destination};
use super::explain::Explaining;
use super::{Monitor, MonitorError};
use crate::dispatch::queue;
use crate::links::Links;

/// Pause while there is no credential for a message.
const NOBODY_CARRIES_MS: i64 = 5 * MINUTE_MS;
/// What was not taken by then is of no use any more.
const OF_USE_MS: i64 = DAY_MS;
/// Pause after an outcome that nobody knows.
const UNKNOWN_MS: i64 = MINUTE_MS;
/// Messages that are kept with an incident.
const POSTS_MAX: usize = 200;

/// What a destination said to a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Whether it was taken.
    pub taken: bool,
    /// Its HTTP status, if there was an answer with one.
    pub status: Option<u16>,
    /// Its words, or why nobody was asked.
    pub message: Option<String>,
}

const fn event_of(tell: &Tell) -> &'static str {
    match tell {
        Tell::New(_) => "new",
        Tell::Worse(_) => "worse",
        Tell::Back(_) => "back",
        Tell::Still(_) => "still",
        Tell::Over(_) => "over",
    }
}

/// Makes the messages of what was decided, one for each destination.
pub(super) fn put_down(
    book: &mut Book,
    explaining: &Explaining<'_>,
    links: Option<&Links>,
) -> Result<(), MonitorError> {
    if book.files.values().all(|file| file.untold.is_empty()) {
        return Ok(());
    }
    let owners = channels::owners(explaining.store)?;
    for incident in &book.desk.incidents {
        let Some(file) = book.files.get_mut(&incident.id) else {
            continue;
        };
        for tell in std::mem::take(&mut file.untold) {
            let account = account(incident, &tell, &file.particulars, explaining, links);
            let message = Message::about(incident, &tell, account);
            let rules = incident
                .finding
                .signals
                .iter()
                .filter_map(|s| s.rule.as_ref());
            let own = |id| book.rules.get(id).map(|file| &file.rule);
            let rules = rules.filter_map(|id| own(id).or_else(|| book.of_journeys.get(id)));
            let notified = rules.flat_map(|rule| rule.notify.iter().cloned());
            let journeys = &file.particulars.journeys;
            for to in channels::destinations(&owners, &book.channels, journeys, notified) {
                let number = file.posts.len() + 1;
                file.posts.push(Post {
                    id: format!("{}-{number}", incident.id),
                    event: event_of(&tell).to_owned(),
                    to,
                    state: PostState::Waiting,
                    tries: 0,
                    at: explaining.now,
                    next_at: Some(explaining.now),
                    problem: None,
                    message: message.clone(),
                });
            }
        }
    }
    Ok(())
}

fn account(
    incident: &Incident,
    tell: &Tell,
    particulars: &Particulars,
    explaining: &Explaining<'_>,
    links: Option<&Links>,
) -> Account {
    let path = format!("/incidents/{}", incident.id);
    let verdict = match (tell, &incident.state) {
        (Tell::Over(_), State::Resolved { at, .. }) => {
            let hours = at.since(incident.finding.since()) as f64 / 3_600_000.0;
            format!(
                "The figures are usual again, {hours:.1} hours after it began. It was: {}",
                particulars.verdict
            )
        }
        _ => particulars.verdict.clone(),
    };
    Account {
        place: explaining.words(&incident.finding.head.slice),
        verdict,
        breakdown: particulars.breakdown.clone(),
        money_a_day: particulars.money_a_day,
        unit: particulars.unit.clone().unwrap_or_default(),
        link: links.map_or(path.clone(), |links| links.to(&path)),
    }
}

/// A message that is being handed over.
pub(super) struct Due {
    incident: String,
    post: Post,
    body: serde_json::Value,
}

impl Monitor {
    /// Hands over what is due. Returns how many were taken.
    pub(super) async fn send_due(&self, now: Timestamp) -> Result<usize, MonitorError> {
        let due = self.workspace.with_book(move |book, store| {
            let due = claim(book, now);
            if !due.is_empty() {
                book.write(store)?;
            }
            Ok::<_, MonitorError>(due)
        });
        let mut sent = 0;
        for due in due.await? {
            let (came, slack) = self.hand_over(&due.post, &due.body, now).await;
            sent += usize::from(came.as_ref().is_ok_and(|answer| answer.reason().is_none()));
            let random = self.random.number();
            let concluded = self.workspace.with_book(move |book, store| {
                let file = book.files.get_mut(&due.incident);
                let mut posts = file.into_iter().flat_map(|file| file.posts.iter_mut());
                if let Some(post) = posts.find(|post| post.id == due.post.id) {
                    conclude(post, came, (slack, random), now);
                }
                Ok::<_, MonitorError>(book.write(store)?)
            });
            concluded.await?;
        }
        Ok(sent)
    }

    /// Sends a message of trial to a destination. It stands in no incident.
    pub async fn test(&self, to: &str, now: Timestamp) -> Test {
        let post = Post {
            id: format!("test-{}", now.millis()),
            event: "test".to_owned(),
            to: to.to_owned(),
            state: PostState::HandedOver,
            tries: 1,
            at: now,
            next_at: None,
            problem: None,
            message: Message {
                title: "Test: alerts of Landfall arrive here".to_owned(),
                verdict:
                    "Nothing happened: somebody tried whether messages about incidents arrive."
                        .to_owned(),
                facts: vec![("Workspace".to_owned(), self.workspace.name().to_owned())],
                breakdown: Vec::new(),
                link: self
                    .links
                    .as_ref()
                    .map_or("/".to_owned(), |links| links.to("/")),
            },
        };
        let body = json!({"id": post.id, "event": "test", "message": post.message});
        match self.hand_over(&post, &body, now).await.0 {
            Ok(answer) => Test {
                taken: answer.verdict == Verdict::Accepted,
                status: answer.status,
                message: answer.words(),
            },
            Err(problem) => Test {
                taken: false,
                status: None,
                message: Some(problem),
            },
        }
    }

    /// Hands a message over; an error says why there is nobody to carry it. Answers with whether it is Slack.
    async fn hand_over(
        &self,
        post: &Post,
        body: &serde_json::Value,
        now: Timestamp,
    ) -> (Result<Answer, String>, bool) {
        let Some(destination) = Destination::read(&post.to) else {
            return (Err(channels::FORM.to_owned()), false);
        };
        let slack = matches!(destination, Destination::Slack(_));
        let sender = match self.sender(&destination) {
            Ok(sender) => sender,
            Err(problem) => return (Err(problem), slack),
        };
        let id = format!("{}-{}", self.workspace.id(), post.id);
        let outgoing = Outgoing {
            attempt_id: format!("{id}-{}", post.tries),
            delivery_id: id,
            to: match &destination {
                Destination::Email(address) => Address::Email(address.clone()),
                _ => Address::Configured,
            },
            content: content(&destination, &post.message, body),
            expires_at: post.at.plus_millis(OF_USE_MS),
            dry_run: false,
            analytics_label: None,
        };
        (Ok(sender.send(&outgoing, now).await), slack)
    }

    fn sender(&self, destination: &Destination) -> Result<Arc<dyn Sender>, String> {
        let over = |channel| {
            let way = queue::Way {
                channel,
                platform: None,
                app: String::new(),
            };
            self.carriers
                .over(&way)
                .map(|carrier| Arc::clone(&carrier.sender))
        };
        match destination {
            Destination::Slack(name) => {
                let mut all = self.carriers.all();
                all.retain(|carrier| carrier.provider() == Provider::Slack);
                let named = all.iter().find(|carrier| carrier.name == *name);
                // A channel's name, where there is no choice.
                let only = all.first().filter(|_| all.len() == 1);
                named.or(only).map(|carrier| Arc::clone(&carrier.sender)).ok_or_else(|| {
                    format!("there is no Slack credential `{name}`: add it with `landfall credentials add {name} --provider slack --url URL`")
                })
            }
            Destination::Email(_) => over(Way::Email).ok_or_else(|| {
                "there is no SMTP credential: add one with `landfall credentials add NAME --provider smtp`".to_owned()
            }),
            Destination::Webhook(_) => match over(Way::Webhook) {
                Some(sender) => Ok(sender),
                None => {
                    let unsigned = Credential::Webhook(WebhookCredential::default());
                    landfall_send::connect(&unsigned, &self.network)
                        .map_err(|error| error.to_string())
                }
            },
        }
    }
}

/// Takes what is due, and marks it before anybody is called.
pub(super) fn claim(book: &mut Book, now: Timestamp) -> Vec<Due> {
    let mut due = Vec::new();
    for incident in &book.desk.incidents {
        let Some(file) = book.files.get_mut(&incident.id) else {
            continue;
        };
        let surplus = file.posts.len().saturating_sub(POSTS_MAX);
        file.posts.drain(..surplus);
        for post in &mut file.posts {
            let is_due = post.next_at.is_some_and(|at| at <= now);
            if post.state != PostState::Waiting || !is_due {
                continue;
            }
            post.state = PostState::HandedOver;
            post.tries += 1;
            post.next_at = None;
            due.push(Due {
                incident: incident.id.clone(),
                post: post.clone(),
                body: json!({
                    "id": post.id,
                    "event": post.event,
                    "incident": incident,
                    "particulars": file.particulars,
                    "message": post.message,
                }),
            });
        }
    }
    due
}

/// Takes what came of a try.
fn conclude(
    post: &mut Post,
    came: Result<Answer, String>,
    (slack, random): (bool, u32),
    now: Timestamp,
) {
    let later = |post: &mut Post, pause: Option<i64>| {
        let next = pause.map(|pause| now.plus_millis(pause));
        post.next_at = next.filter(|next| next.since(post.at) <= OF_USE_MS);
        post.state = match post.next_at {
            Some(_) => PostState::Waiting,
            None => PostState::GivenUp,
        };
    };
    let answer = match came {
        Ok(answer) => answer,
        Err(problem) => {
            post.problem = Some(problem);
            return later(post, Some(NOBODY_CARRIES_MS));
        }
    };
    let Some(reason) = answer.reason() else {
        post.state = PostState::Sent;
        post.problem = None;
        return;
    };
    post.problem = Some(
        answer
            .words()
            .unwrap_or_else(|| reason.explanation().to_owned()),
    );
    if reason == Reason::OutcomeUnknown {
        if slack {
            post.state = PostState::Unknown;
            return;
        }
        return later(post, (post.tries < TRIES_MAX).then_some(UNKNOWN_MS));
    }
    let failure = Failure {
        provider: Some(if slack {
            Provider::Slack
        } else {
            Provider::Smtp
        }),
        reason,
        number: post.tries,
        since_first_ms: now.since(post.at),
        retry_after_ms: answer.retry_after_ms,
        random,
    };
    later(post, next_try(&failure));
}

fn content(destination: &Destination, message: &Message, body: &serde_json::Value) -> Content {
    match destination {
        Destination::Slack(_) => {
            let mut whole = message.slack();
            Content::Slack(Box::new(SlackContent {
                text: message.title.clone(),
                blocks: Some(whole["blocks"].take()),
            }))
        }
        Destination::Email(address) => Content::Email(Box::new(EmailContent {
            to: Some(address.clone()),
            subject: Some(message.title.clone()),
            body_plain: Some(message.text()),
            ..EmailContent::default()
        })),
        Destination::Webhook(url) => Content::Webhook(Box::new(WebhookContent {
            method: None,
            url: url.clone(),
            body: Some(body.to_string()),
            ..WebhookContent::default()
        })),
    }
}
