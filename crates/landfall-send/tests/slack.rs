//! The Slack sender against the simulated incoming webhooks, which check the limits of Block Kit
//! themselves.

use std::sync::Arc;

use landfall_domain::attempt::Verdict;
use landfall_domain::channel::Provider;
use landfall_domain::content::{Content, SlackContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_send::credential::SlackCredential;
use landfall_send::slack::classify;
use landfall_send::{Address, Credential, Network, Outgoing, Sender, connect};
use landfall_sim::certificate::Authority;
use landfall_sim::http::{Canned, Fault};
use landfall_sim::script::{Rule, Script};
use landfall_sim::slack::{Answer, Options, Problem, Slack};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const HOOK: &str = "T0/B0/s3cret";

fn slack() -> Slack {
    Slack::start(Options::plain(Arc::new(ManualClock::at(NOW)))).expect("a free port")
}

fn sender(url: &str, ca_pem: Option<&str>) -> Arc<dyn Sender> {
    let credential = SlackCredential {
        url: url.to_owned(),
        ca_pem: ca_pem.map(str::to_owned),
    };
    let network = Network {
        private_allowed: true,
        ..Network::default()
    };
    connect(&Credential::Slack(credential), &network).expect("a credential")
}

fn saying(text: &str, blocks: Option<Value>) -> Outgoing {
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Configured,
        content: Content::Slack(Box::new(SlackContent {
            text: text.to_owned(),
            blocks,
        })),
        expires_at: NOW.plus_millis(600_000),
        dry_run: false,
        analytics_label: None,
    }
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

#[tokio::test]
async fn a_message_is_posted_with_text_and_blocks() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    assert_eq!(sender.provider(), Provider::Slack);
    let blocks = json!([section("*Bounces* are up")]);
    let answer = sender
        .send(&saying("Bounces", Some(blocks.clone())), NOW)
        .await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(200));
    let taken = slack.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(
        taken[0].message,
        json!({"text": "Bounces", "blocks": blocks})
    );
}

#[tokio::test]
async fn it_is_posted_over_tls() {
    let options = Options {
        authority: Some(Arc::new(Authority::new().unwrap())),
        ..Options::plain(Arc::new(ManualClock::at(NOW)))
    };
    let slack = Slack::start(options).unwrap();
    let url = slack.add_webhook(HOOK);
    let answer = sender(&url, slack.authority_pem())
        .send(&saying("Hi", None), NOW)
        .await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let distrusting = sender(&url, None).send(&saying("Hi", None), NOW).await;
    assert_eq!(distrusting.reason(), Some(Reason::ConnectionFailed));
    assert!(!format!("{distrusting:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_is_too_long_arrives_shortened() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    let long = "word ".repeat(900);
    let text = json!({"type": "plain_text", "text": long});
    let blocks = json!([
        {"type": "header", "text": text},
        section(&long),
        {"type": "section", "fields": vec![text.clone(); 11]},
        {"type": "context", "elements": vec![json!({"type": "plain_text", "text": "x"}); 11]},
        {"type": "actions", "elements": vec![json!({
            "type": "button", "action_id": "a", "text": text, "value": "v"}); 1]},
    ]);
    // Fields of full length would be too long together, which only Slack can say.
    let mut short = blocks.clone();
    short[2]["fields"] = json!(vec![json!({"type": "plain_text", "text": "f"}); 11]);
    let answer = sender
        .send(&saying(&"t".repeat(50_000), Some(short)), NOW)
        .await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let message = &slack.taken()[0].message;
    assert_eq!(
        message["blocks"].as_array().map(Vec::len),
        Some(5),
        "{message}"
    );
    let dividers = json!(vec![json!({"type": "divider"}); 80]);
    let answer = sender.send(&saying("Many", Some(dividers)), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let message = &slack.taken()[1].message;
    assert_eq!(message["blocks"].as_array().map(Vec::len), Some(50));
}

#[tokio::test]
async fn every_problem_of_the_simulator_is_answered_as_the_table_says() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    for problem in Problem::ALL {
        let refuse = Answer::Refuse(problem);
        slack.script().replace(Script::of([Rule::always(refuse)]));
        let answer = sender.send(&saying("Hi", None), NOW).await;
        let word = serde_json::to_value(problem).unwrap();
        let word = word.as_str().unwrap();
        assert_eq!(answer.code.as_deref(), Some(word));
        let status = answer.status.unwrap();
        assert_eq!(answer.reason(), classify::refusal(status, word), "{word}");
    }
    assert!(slack.taken().is_empty());
}

#[tokio::test]
async fn blocks_that_slack_refuses_are_left_out() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    for problem in [Problem::InvalidBlocks, Problem::MsgBlocksTooLong] {
        let once = Rule::always(Answer::Refuse(problem)).times(1);
        slack.script().replace(Script::of([once]));
        let blocks = json!([section("Hi")]);
        let answer = sender.send(&saying("Plain", Some(blocks)), NOW).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
        let posted = slack.taken().pop().unwrap();
        assert_eq!(posted.message, json!({"text": "Plain"}));
    }
    let always = Rule::always(Answer::Refuse(Problem::InvalidBlocks));
    slack.script().replace(Script::of([always]));
    let blocks = json!([section("Hi")]);
    let answer = sender.send(&saying("Plain", Some(blocks)), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
    assert_eq!(
        slack.script().counts().rules,
        [2],
        "tried twice, not for ever"
    );
}

#[tokio::test]
async fn slack_says_when_to_come_back() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    let limited = Rule::always(Answer::RateLimited(7));
    slack.script().replace(Script::of([limited]));
    let answer = sender.send(&saying("Hi", None), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderThrottled));
    assert_eq!(answer.retry_after_ms, Some(7_000));
}

#[tokio::test]
async fn a_removed_webhook_and_a_wrong_secret_are_settings_to_correct() {
    let slack = slack();
    let url = slack.add_webhook(HOOK);
    let wrong = url.replace("s3cret", "other");
    let answer = sender(&wrong, None).send(&saying("Hi", None), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig));
    assert_eq!(answer.code.as_deref(), Some("invalid_token"));
    slack.remove_webhook(HOOK);
    let answer = sender(&url, None).send(&saying("Hi", None), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig));
    assert_eq!(answer.code.as_deref(), Some("no_service"));
}

#[tokio::test]
async fn an_outage_and_a_lost_answer_are_told_apart() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    for (fault, reason) in [
        (
            Fault::Canned(Canned::edge(503)),
            Reason::ProviderUnavailable,
        ),
        (Fault::CloseAfter, Reason::OutcomeUnknown),
    ] {
        let rule = Rule::always(Answer::Fault(fault));
        slack.script().replace(Script::of([rule]));
        let answer = sender.send(&saying("Hi", None), NOW).await;
        assert_eq!(answer.reason(), Some(reason), "{answer:?}");
        assert!(!format!("{answer:?}").contains("s3cret"));
    }
}

#[tokio::test]
async fn a_check_and_a_dry_run_post_nothing() {
    let slack = slack();
    let sender = sender(&slack.add_webhook(HOOK), None);
    assert_eq!(sender.check(NOW).await.verdict, Verdict::Accepted);
    let mut dry = saying("Hi", None);
    dry.dry_run = true;
    assert_eq!(sender.send(&dry, NOW).await.verdict, Verdict::Accepted);
    dry.content = Content::Slack(Box::default());
    let answer = sender.send(&dry, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
    assert!(slack.taken().is_empty());
}
