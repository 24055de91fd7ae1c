//! The SMS senders against the simulated Twilio and the simulated gateway, and against the signatures of
//! Twilio's own Python package.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::Provider;
use landfall_domain::content::{Content, SmsContent};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_send::credential::{GatewayCredential, TwilioCredential};
use landfall_send::sms::gateway::{GatewayReport, report};
use landfall_send::sms::twilio::{MessageStatus, StatusCallback, classify, signature};
use landfall_send::sms::{TwilioSender, segments};
use landfall_send::{Address, Credential, Network, Outgoing, Sender, connect};
use landfall_sim::certificate::Authority;
use landfall_sim::http::{Canned, Fault, RetryAfter};
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::sms_gateway::{self, SmsGateway};
use landfall_sim::twilio::{self as sim, ApiKey, CODES, Course, Options, Status, Twilio};
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const ANN: &str = "+15550001111";

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOW))
}

fn network() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

fn twilio() -> Twilio {
    Twilio::start(Options::plain(clock())).expect("a free port")
}

fn credential(twilio: &Twilio) -> TwilioCredential {
    let options = Options::plain(clock());
    TwilioCredential {
        account_sid: options.account_sid,
        secret: options.auth_token,
        from: options.senders[0].clone(),
        callback_url: Some("https://push.example.test/hooks/twilio".to_owned()),
        base_url: Some(twilio.base_url()),
        ca_pem: twilio.authority_pem().map(str::to_owned),
        ..TwilioCredential::default()
    }
}

fn sender(twilio: &Twilio) -> TwilioSender {
    TwilioSender::new(&credential(twilio), &network()).expect("a credential")
}

fn to(number: &str, body: &str) -> Outgoing {
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Phone(number.to_owned()),
        content: Content::Sms(Box::new(SmsContent {
            body: body.to_owned(),
            ..SmsContent::default()
        })),
        expires_at: NOW.plus_millis(600_000),
        dry_run: false,
        analytics_label: None,
    }
}

fn fault(fault: Fault) -> Script<sim::Answer> {
    Script::of([Rule::always(sim::Answer::Fault(fault))])
}

fn seen(answer: &Answer) -> (Option<Reason>, Option<u16>, Option<&str>) {
    (answer.reason(), answer.status, answer.code.as_deref())
}

#[tokio::test]
async fn twilio_takes_a_message_and_names_it() {
    let twilio = twilio();
    let answer = sender(&twilio)
        .send(&to(ANN, "Grüße & mehr: 5 €"), NOW)
        .await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(201));
    let taken = twilio.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(answer.provider_id.as_deref(), Some(taken[0].sid.as_str()));
    assert_eq!(taken[0].to, ANN);
    assert_eq!(taken[0].from.as_deref(), Some("+15005550006"));
    assert_eq!(taken[0].body, "Grüße & mehr: 5 €");
    assert_eq!(taken[0].valid_until, NOW.plus_millis(600_000));
    assert_eq!(
        taken[0].callback.as_deref(),
        Some(
            "https://push.example.test/hooks/twilio?delivery=dlv_7\
             &attempt=7d2b5c1e-0000-4000-8000-000000000001"
        )
    );
}

#[tokio::test]
async fn it_sends_over_tls_with_a_key_and_through_a_messaging_service() {
    let authority = Arc::new(Authority::new().unwrap());
    let options = Options {
        authority: Some(authority),
        api_keys: vec![ApiKey {
            sid: "SK1".to_owned(),
            secret: "of the key".to_owned(),
        }],
        ..Options::plain(clock())
    };
    let service = options.services[0].clone();
    let twilio = Twilio::start(options).unwrap();
    let credential = TwilioCredential {
        key_sid: Some("SK1".to_owned()),
        secret: "of the key".to_owned(),
        from: service.clone(),
        ..credential(&twilio)
    };
    let sender = connect(&Credential::Twilio(credential), &network()).unwrap();
    assert_eq!(sender.provider(), Provider::SmsGateway);
    assert_eq!(sender.check(NOW).await.verdict, Verdict::Accepted);
    let answer = sender.send(&to(ANN, "Hi"), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(twilio.taken()[0].service, Some(service));
}

#[tokio::test]
async fn every_code_of_the_simulator_is_answered_as_the_table_says() {
    let twilio = twilio();
    let sender = sender(&twilio);
    for code in CODES {
        let refuse = sim::Answer::Refuse {
            code: code.code,
            retry_after: None,
        };
        twilio.script().replace(Script::of([Rule::always(refuse)]));
        let answer = sender.send(&to(ANN, "Hi"), NOW).await;
        let reason = classify::of_refusal(code.status, Some(code.code));
        let text = code.code.to_string();
        assert_eq!(
            seen(&answer),
            (Some(reason), Some(code.status), Some(text.as_str())),
            "{code:?}"
        );
        assert_eq!(answer.message.as_deref(), Some(code.message));
    }
    assert!(twilio.taken().is_empty());
}

#[tokio::test]
async fn twilio_says_when_to_come_back() {
    let twilio = twilio();
    let busy = sim::Answer::Refuse {
        code: 20_429,
        retry_after: Some(RetryAfter::Seconds(30)),
    };
    twilio.script().replace(Script::of([Rule::always(busy)]));
    let answer = sender(&twilio).send(&to(ANN, "Hi"), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderThrottled));
    assert_eq!(answer.retry_after_ms, Some(30_000));
}

#[tokio::test]
async fn a_page_instead_of_an_answer_is_classed_by_its_status() {
    let twilio = twilio();
    for (status, reason) in [
        (502, Reason::ProviderUnavailable),
        (404, Reason::ProviderConfig),
    ] {
        let page = fault(Fault::Canned(Canned::edge(status)));
        twilio.script().replace(page);
        let answer = sender(&twilio).send(&to(ANN, "Hi"), NOW).await;
        assert_eq!(seen(&answer), (Some(reason), Some(status), None));
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_list_tells_what_became_of_it() {
    let twilio = twilio();
    let sender = sender(&twilio);
    let text = "Your code is 1234";
    for (torn, sent) in [(Fault::CloseBefore, false), (Fault::CloseAfter, true)] {
        twilio.script().replace(fault(torn));
        let answer = sender.send(&to(ANN, text), NOW).await;
        assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
        assert_eq!(answer.status, None);
        let found = sender.find_recent(ANN, text, NOW, NOW).await.unwrap();
        assert_eq!(found.is_some(), sent, "{found:?}");
    }
    let found = sender.find_recent(ANN, text, NOW, NOW).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.sid, twilio.taken()[0].sid);
    assert_eq!(found.status, Some(MessageStatus::Queued));
    assert_eq!(found.created_at, NOW);
    for (to, body, since) in [
        ("+15550002222", text, NOW),
        (ANN, "Your code is 12345", NOW),
        (ANN, text, NOW.plus_millis(120_000)),
    ] {
        let other = sender.find_recent(to, body, since, NOW).await.unwrap();
        assert_eq!(other, None, "{to} {body}");
    }
}

#[tokio::test]
async fn the_newest_of_equal_messages_is_found() {
    let clock = clock();
    let options = Options {
        clock: clock.clone(),
        ..Options::plain(clock.clone())
    };
    let twilio = Twilio::start(options).unwrap();
    let sender = sender(&twilio);
    for _ in 0..3 {
        sender.send(&to(ANN, "Hi"), NOW).await;
        clock.advance(300_000);
    }
    let found = sender.find_recent(ANN, "Hi", NOW, NOW).await.unwrap();
    assert_eq!(
        found.map(|found| found.sid),
        twilio.taken().pop().map(|m| m.sid)
    );
}

#[tokio::test]
async fn a_question_that_is_not_answered_is_no_answer() {
    let twilio = twilio();
    let stranger = TwilioCredential {
        secret: "wrong".to_owned(),
        ..credential(&twilio)
    };
    let stranger = TwilioSender::new(&stranger, &network()).unwrap();
    let error = stranger.find_recent(ANN, "Hi", NOW, NOW).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ProviderAuth));
}

#[tokio::test]
async fn silence_behind_the_request_is_unknown() {
    let twilio = Arc::new(twilio());
    twilio.script().replace(fault(Fault::Hold));
    let sender = sender(&twilio);
    let sending = tokio::spawn(async move { sender.send(&to(ANN, "Hi"), NOW).await });
    twilio.gate().until_waiting(1).await;
    tokio::time::pause();
    tokio::time::advance(Network::default().attempt_timeout).await;
    let answer = sending.await.unwrap();
    assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
}

#[tokio::test]
async fn a_check_proves_the_credential_and_sends_nothing() {
    let twilio = twilio();
    let sender = sender(&twilio);
    assert_eq!(sender.check(NOW).await.verdict, Verdict::Accepted);
    let dry = Outgoing {
        dry_run: true,
        ..to(ANN, "Hi")
    };
    assert_eq!(sender.send(&dry, NOW).await.verdict, Verdict::Accepted);
    let stranger = TwilioCredential {
        secret: "wrong".to_owned(),
        ..credential(&twilio)
    };
    let stranger = TwilioSender::new(&stranger, &network()).unwrap();
    let answer = stranger.check(NOW).await;
    assert_eq!(
        seen(&answer),
        (Some(Reason::ProviderAuth), Some(401), Some("20003"))
    );
    assert!(twilio.taken().is_empty());
}

#[tokio::test]
async fn who_sent_stop_is_not_written_to() {
    let twilio = twilio();
    twilio.stop(ANN);
    let answer = sender(&twilio).send(&to(ANN, "Hi"), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::RecipientOptedOut));
    assert_eq!(answer.code.as_deref(), Some("21610"));
}

#[tokio::test]
async fn reports_are_genuine_and_read() {
    let twilio = twilio();
    let lost = sim::Answer::Take(Course::Undelivered(30_003));
    let rules = [Rule::new(Match::recipient("+15550002222"), lost)];
    twilio.script().replace(Script::of(rules));
    let sender = sender(&twilio);
    sender.send(&to(ANN, "Hi"), NOW).await;
    sender.send(&to("+15550002222", "Hi"), NOW).await;
    while twilio.advance() > 0 {}
    let token = Options::plain(clock()).auth_token;
    let mut last = Vec::new();
    for report in twilio.next_callbacks() {
        let valid = |report: &sim::Callback| {
            signature::is_valid(&token, &report.url, &report.fields, &report.signature)
        };
        assert!(valid(&report), "{report:?}");
        assert!(!valid(&report.forged()));
        let read = StatusCallback::read(&report.fields).unwrap();
        assert_eq!(read.message_sid, report.message);
        assert_eq!(read.account_sid, sender.account_sid());
        if matches!(report.status, Status::Delivered | Status::Undelivered) {
            last.push((read.to.clone(), read.status.mark(), read.reason()));
        }
    }
    last.sort();
    assert_eq!(
        last,
        [
            (ANN.to_owned(), Some(Mark::Delivered), None),
            (
                "+15550002222".to_owned(),
                Some(Mark::Bounced),
                Some(Reason::DeviceUnreachable)
            ),
        ]
    );
}

#[test]
fn parts_are_counted_as_the_simulator_counts_them() {
    for text in [
        "Hi".to_owned(),
        "a".repeat(160),
        "a".repeat(161),
        "ä€".repeat(52),
        "ç".repeat(70),
        "ç".repeat(71),
        "я".repeat(201),
    ] {
        assert_eq!(segments(&text).count, sim::segments(&text), "{text}");
    }
}

fn gateway_credential(gateway: &SmsGateway) -> GatewayCredential {
    GatewayCredential {
        url: gateway.url(),
        authorization: Some("Bearer s3cret".to_owned()),
        from: "Shop".to_owned(),
        callback_url: Some("https://push.example.test/hooks/sms".to_owned()),
        ..GatewayCredential::default()
    }
}

fn gateway() -> SmsGateway {
    let options = sms_gateway::Options {
        admission: sms_gateway::Admission::Bearer("s3cret".to_owned()),
        ..sms_gateway::Options::open(clock())
    };
    SmsGateway::start(options).expect("a free port")
}

#[tokio::test]
async fn a_gateway_takes_a_message_and_names_it() {
    let gateway = gateway();
    let credential = Credential::HttpSms(gateway_credential(&gateway));
    let sender = connect(&credential, &network()).unwrap();
    let answer = sender.send(&to(ANN, "Grüße"), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(202));
    let taken = gateway.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(answer.provider_id.as_deref(), Some(taken[0].id.as_str()));
    assert_eq!(taken[0].to, ANN);
    assert_eq!(taken[0].from, "Shop");
    assert_eq!(taken[0].text, "Grüße");
    assert_eq!(taken[0].valid_until, Some(NOW.plus_millis(600_000)));
    assert_eq!(
        taken[0].reference.as_deref(),
        Some("7d2b5c1e-0000-4000-8000-000000000001")
    );
    assert!(taken[0].callback_url.is_some());
}

#[tokio::test]
async fn what_a_gateway_refuses_is_classed_and_its_code_is_kept() {
    let gateway = gateway();
    let credential = Credential::HttpSms(gateway_credential(&gateway));
    let sender = connect(&credential, &network()).unwrap();
    for (status, reason) in [
        (400, Reason::PayloadInvalid),
        (403, Reason::ProviderAuth),
        (429, Reason::ProviderThrottled),
        (503, Reason::ProviderUnavailable),
    ] {
        let refuse = sms_gateway::Answer::Refuse {
            status,
            code: "E7".to_owned(),
            retry_after: Some(RetryAfter::Seconds(9)),
        };
        gateway.script().replace(Script::of([Rule::always(refuse)]));
        let answer = sender.send(&to(ANN, "Hi"), NOW).await;
        assert_eq!(seen(&answer), (Some(reason), Some(status), Some("E7")));
        assert_eq!(answer.retry_after_ms, Some(9_000));
    }
    let torn = sms_gateway::Answer::Fault(Fault::CloseAfter);
    gateway.script().replace(Script::of([Rule::always(torn)]));
    let answer = sender.send(&to(ANN, "Hi"), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown));
}

#[tokio::test]
async fn a_check_of_a_gateway_sends_nothing() {
    let gateway = gateway();
    let credential = Credential::HttpSms(gateway_credential(&gateway));
    let sender = connect(&credential, &network()).unwrap();
    assert_eq!(sender.check(NOW).await.verdict, Verdict::Accepted);
    assert!(gateway.taken().is_empty());
    drop(gateway);
    let answer = sender.check(NOW).await;
    assert_ne!(answer.verdict, Verdict::Accepted, "{answer:?}");
}

#[tokio::test]
async fn reports_of_a_gateway_are_genuine_and_read() {
    let gateway = gateway();
    let step = |status| sms_gateway::Step {
        status,
        error: None,
    };
    let way = [sms_gateway::Status::Sent, sms_gateway::Status::Delivered].map(step);
    let take = sms_gateway::Answer::Take(way.to_vec());
    gateway.script().replace(Script::of([Rule::always(take)]));
    let credential = Credential::HttpSms(gateway_credential(&gateway));
    let sender = connect(&credential, &network()).unwrap();
    let answer = sender.send(&to(ANN, "Hi"), NOW).await;
    while gateway.advance() > 0 {}
    let reports = gateway.next_reports();
    let marks: Vec<Option<Mark>> = reports
        .iter()
        .map(|posted| {
            let (body, at) = (posted.body.as_bytes(), posted.timestamp.to_string());
            let genuine = |signature: &str| {
                report::is_genuine("secret-of-the-gateway", &at, body, signature, NOW)
            };
            assert!(genuine(&posted.signature));
            assert!(!genuine(&posted.forged().signature));
            let read = GatewayReport::read(body, "", "").unwrap();
            assert_eq!(read.id, answer.provider_id);
            read.status.mark()
        })
        .collect();
    assert_eq!(marks, [Some(Mark::Sent), Some(Mark::Delivered)]);
}

#[tokio::test]
async fn a_wrong_authorization_is_told() {
    let gateway = gateway();
    let credential = GatewayCredential {
        authorization: Some("Bearer wrong".to_owned()),
        ..gateway_credential(&gateway)
    };
    let sender = connect(&Credential::HttpSms(credential), &network()).unwrap();
    let answer = sender.send(&to(ANN, "Hi"), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth), "{answer:?}");
}

/// A script of `tests/clients`, run by the Python that has the providers' packages.
fn python(script: &str) -> Command {
    let folder = std::env::var_os("LANDFALL_TEST_CLIENTS");
    let folder = PathBuf::from(folder.expect(
        "LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs the clients",
    ));
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/clients")
        .join(script);
    let mut command = Command::new(folder.join("python-providers/bin/python"));
    command.arg(script);
    command
}

#[test]
fn client_twilio_signs_what_we_take_for_genuine() {
    let output = python("twilio_signatures.py").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert!(cases.len() >= 8, "{text}");
    for case in cases {
        let word = |name: &str| case[name].as_str().unwrap_or_default();
        let (token, url, signed) = (word("token"), word("url"), word("signature"));
        if let Some(body) = case["body"].as_str() {
            let valid = |token| signature::is_valid_json(token, url, body.as_bytes(), signed);
            assert!(valid(token) && !valid("another"), "{case}");
            continue;
        }
        let fields: Vec<(String, String)> = serde_json::from_value(case["fields"].clone()).unwrap();
        let valid = |token| signature::is_valid(token, url, &fields, signed);
        assert!(valid(token) && !valid("another"), "{case}");
    }
}
