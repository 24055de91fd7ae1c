//! Messages: how they are tried, and what a crash leaves of them.

use std::sync::Arc;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::content::Content;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_send::{Network, Outgoing, Sender};

use super::*;
use crate::dispatch::carriers::{Carrier, Carriers, Terms};
use crate::monitor::post::claim;
use crate::monitor::{Case, Monitor, PostState};
use crate::random::Seeded;
use crate::tests::shop::{NOW, Shop, seconds};
use crate::{Opened, Workspace};

/// Takes what it is told to take, and keeps it.
struct Carries {
    provider: Provider,
    answers: Mutex<Vec<Answer>>,
    taken: Mutex<Vec<Outgoing>>,
}

impl Sender for Carries {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            self.taken.lock().unwrap().push(outgoing.clone());
            let next = self.answers.lock().unwrap().pop();
            next.unwrap_or_else(|| Answer::accepted(200, None))
        })
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(async { Answer::refused(Reason::ProviderAuth) })
    }
}

impl Carries {
    fn new(provider: Provider, answers: Vec<Answer>) -> Arc<Self> {
        Arc::new(Self {
            provider,
            answers: Mutex::new(answers),
            taken: Mutex::default(),
        })
    }

    fn taken(&self) -> Vec<Outgoing> {
        self.taken.lock().unwrap().clone()
    }
}

/// A workspace whose APNs key is refused, so that there is something to tell.
struct Desk {
    opened: Opened,
    carriers: Carriers,
    _shop: Shop,
}

impl Desk {
    fn with(senders: &[&Arc<Carries>]) -> Self {
        let shop = Shop::new();
        let apns = Carries::new(Provider::Apns, Vec::new());
        let carrier = |name: &str, sender: Arc<dyn Sender>| {
            Arc::new(Carrier::new(name.to_owned(), sender, Terms::default()))
        };
        let refused = carrier("apns", apns);
        refused.note_check(Answer::refused(Reason::ProviderAuth), seconds(NOW));
        let mut all = vec![refused];
        for sender in senders {
            let sender = Arc::clone(sender);
            all.push(carrier(sender.provider.name(), sender));
        }
        let carriers = Carriers::default();
        carriers.replace(all);
        Self {
            opened: shop.open(),
            carriers,
            _shop: shop,
        }
    }

    fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    async fn tell(&self, to: &[&str]) {
        let channels = to.iter().map(|to| Channel {
            to: (*to).to_owned(),
            journeys: Vec::new(),
        });
        let set = self.workspace().set_alert_channels(channels.collect());
        set.await.expect("channels");
    }

    /// Looks `minutes` after the beginning; answers how many messages were taken.
    async fn look(&self, minutes: i64) -> usize {
        let monitor = Monitor::new(
            self.workspace().clone(),
            self.carriers.clone(),
            Network::default(),
            Arc::new(Seeded::new(1)),
        );
        let now = seconds(NOW).plus_millis(minutes * MINUTE_MS);
        monitor.look(now).await.expect("a look").sent
    }

    async fn case(&self) -> Case {
        self.workspace()
            .incident("inc-1")
            .await
            .expect("it is there")
    }
}

#[tokio::test]
async fn each_channel_gets_its_message_once() {
    let slack = Carries::new(Provider::Slack, Vec::new());
    let mail = Carries::new(Provider::Smtp, Vec::new());
    let hook = Carries::new(Provider::Webhook, Vec::new());
    let desk = Desk::with(&[&slack, &mail, &hook]);
    desk.tell(&[
        "slack:slack",
        "email:ops@shop.example",
        "webhook:https://ops.example/in",
    ])
    .await;
    assert_eq!(desk.look(0).await, 3);
    for minutes in 1..20 {
        assert_eq!(desk.look(minutes).await, 0);
    }
    let case = desk.case().await;
    assert!(
        case.posts.iter().all(|post| post.state == PostState::Sent),
        "{case:?}"
    );
    let [Content::Slack(post)] = &slack
        .taken()
        .iter()
        .map(|o| o.content.clone())
        .collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", slack.taken());
    };
    assert!(post.text.starts_with("New: heartbeat on "), "{}", post.text);
    assert!(
        post.blocks
            .as_ref()
            .is_some_and(|blocks| blocks[0]["type"] == "header")
    );
    let taken = mail.taken();
    let Content::Email(letter) = &taken[0].content else {
        panic!("{taken:?}");
    };
    assert_eq!(letter.to.as_deref(), Some("ops@shop.example"));
    assert!(
        letter
            .body_plain
            .as_ref()
            .is_some_and(|body| body.contains("refuses the credential"))
    );
    let taken = hook.taken();
    let Content::Webhook(call) = &taken[0].content else {
        panic!("{taken:?}");
    };
    let body: serde_json::Value = serde_json::from_str(call.body.as_ref().unwrap()).unwrap();
    assert_eq!(
        (&body["event"], &body["incident"]["id"]),
        (&json!("new"), &json!("inc-1"))
    );
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_and_shows_why() {
    let slack = Carries::new(
        Provider::Slack,
        vec![Answer::refused_saying(
            Reason::ProviderUnavailable,
            "try again later",
        )],
    );
    let desk = Desk::with(&[&slack]);
    desk.tell(&["slack:slack", "email:ops@shop.example"]).await;
    assert_eq!(desk.look(0).await, 0);
    let case = desk.case().await;
    let slack_post = &case.posts[0];
    assert_eq!(slack_post.state, PostState::Waiting);
    assert!(
        slack_post
            .problem
            .as_ref()
            .is_some_and(|p| p.contains("try again later"))
    );
    let mail = case.posts[1].problem.clone().expect("nobody carries it");
    assert!(mail.contains("no SMTP credential"), "{mail}");
    assert_eq!(desk.look(30).await, 1);
    assert_eq!(desk.case().await.posts[0].state, PostState::Sent);
    let ids: Vec<String> = slack.taken().into_iter().map(|o| o.delivery_id).collect();
    assert_eq!(ids[0], ids[1], "one message, tried twice");
    // After a day it is of no use any more.
    desk.look(25 * 60).await;
    assert_eq!(desk.case().await.posts[1].state, PostState::GivenUp);
}

#[tokio::test]
async fn an_unknown_outcome_is_not_posted_to_slack_again() {
    let unknown = || Answer::refused(Reason::OutcomeUnknown);
    let slack = Carries::new(Provider::Slack, vec![unknown()]);
    let mail = Carries::new(Provider::Smtp, vec![unknown()]);
    let desk = Desk::with(&[&slack, &mail]);
    desk.tell(&["slack:slack", "email:ops@shop.example"]).await;
    for minutes in 0..10 {
        desk.look(minutes).await;
    }
    assert_eq!((slack.taken().len(), mail.taken().len()), (1, 2));
    let case = desk.case().await;
    assert_eq!(case.posts[0].state, PostState::Unknown);
    assert_eq!(case.posts[1].state, PostState::Sent);
}

#[test]
fn a_crash_in_mid_air_posts_to_slack_once_and_mails_again() {
    let world = World::empty();
    let mut book = Book::default();
    book.channels = ["slack:push", "email:ops@shop.example"]
        .map(|to| Channel {
            to: to.to_owned(),
            journeys: Vec::new(),
        })
        .to_vec();
    let start = fault();
    let refused = Heard {
        name: "apns".to_owned(),
        provider: Provider::Apns,
        standing: Standing::Refused,
        at: start,
        words: String::new(),
    };
    world.step(&mut book, &[refused], start);
    assert_eq!(claim(&mut book, start).len(), 2);
    book.write(&world.store).expect("it is written");
    drop(book);
    let mut again = world.reopened();
    let states: Vec<PostState> = again.files["inc-1"]
        .posts
        .iter()
        .map(|post| post.state)
        .collect();
    assert_eq!(states, [PostState::Unknown, PostState::Waiting]);
    let due = claim(&mut again, start.plus_millis(MINUTE_MS));
    assert_eq!(due.len(), 1, "the mail, with the id that it had");
}
