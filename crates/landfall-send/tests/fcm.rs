//! The FCM sender against the simulated FCM and its token endpoint.

use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::{Platform, Provider};
use landfall_domain::content::{Content, CustomPayload, PushContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::{Clock, MINUTE_MS, ManualClock, Timestamp};
use landfall_send::credential::FcmCredential;
use landfall_send::fcm::FcmSender;
use landfall_send::{Address, Credential, Network, Outgoing, Sender, connect};
use landfall_sim::fcm::{Ended, Extra, FcmAnswer, FcmOptions, FcmSim, Refusal, Row, TokenAnswer};
use landfall_sim::http::{Canned, Fault, RetryAfter};
use landfall_sim::script::{Rule, Script};
use serde_json::json;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const TOKEN: &str = "cWm1yXk0S9u:APA91bHun4MxP5egoKMwt2KZFBaFUH";

/// A simulator, its clock, and a sender that trusts it.
struct Stage {
    sim: FcmSim,
    clock: Arc<ManualClock>,
    sender: FcmSender,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let sim = FcmSim::start(FcmOptions::new(Arc::clone(&clock) as Arc<dyn Clock>))
            .expect("the simulator starts");
        let sender =
            FcmSender::new(&credential(&sim), &network()).expect("the credential is right");
        Self { sim, clock, sender }
    }

    async fn send(&self, outgoing: &Outgoing) -> Answer {
        self.sender.send(outgoing, self.clock.now()).await
    }

    fn answers(&self, answer: impl Into<FcmAnswer>) {
        let script = Script::of([Rule::always(answer.into())]);
        self.sim.script().replace(script);
    }

    fn tokens(&self, rules: impl IntoIterator<Item = Rule<TokenAnswer>>) {
        self.sim.token_script().replace(Script::of(rules));
    }
}

fn credential(sim: &FcmSim) -> FcmCredential {
    FcmCredential {
        service_account: sim.key_file().to_string(),
        base_url: Some(sim.base_url().to_owned()),
        ca_pem: Some(sim.ca_pem().to_owned()),
        ..FcmCredential::default()
    }
}

fn network() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

fn outgoing(platform: Platform, token: &str) -> Outgoing {
    let content = PushContent {
        title: Some("Your parcel".to_owned()),
        body: Some("It arrives today. Ünïcode, too: 📦".to_owned()),
        link: Some("shop://orders/7".to_owned()),
        ..PushContent::default()
    };
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Device {
            token: token.to_owned(),
            platform,
            app: String::new(),
            keys: None,
        },
        content: Content::Push(Box::new(content)),
        expires_at: NOW.plus_millis(3_600_000),
        dry_run: false,
        analytics_label: Some("welcome.day1".to_owned()),
    }
}

fn to_android() -> Outgoing {
    outgoing(Platform::Android, TOKEN)
}

#[tokio::test]
async fn a_message_arrives_over_http2_as_it_was_meant() {
    let stage = Stage::new();
    let answer = stage.send(&to_android()).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(200));
    let taken = stage.sim.taken();
    let message = taken.last().unwrap();
    assert!(message.over_http2);
    let name = answer.provider_id.unwrap();
    let ended = Ended::Accepted {
        name,
        answered: true,
    };
    assert_eq!(message.ended, ended);
    assert_eq!(
        message.message,
        Some(json!({
            "token": TOKEN,
            "data": {
                "title": "Your parcel",
                "body": "It arrives today. Ünïcode, too: 📦",
                "link": "shop://orders/7",
                "CIO-Delivery-ID": "dlv_7",
                "CIO-Delivery-Token": TOKEN,
            },
            "android": { "priority": "HIGH", "ttl": "3600s" },
            "fcm_options": { "analytics_label": "welcome.day1" },
        }))
    );
}

#[tokio::test]
async fn every_kind_of_device_is_reached() {
    let stage = Stage::new();
    for (platform, token) in [
        (Platform::Android, "fid:cWm1yXk0S9uTqk2Jb0aBcD"),
        (Platform::Ios, TOKEN),
        (Platform::Web, TOKEN),
    ] {
        let answer = stage.send(&outgoing(platform, token)).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{platform}: {answer:?}");
    }
    let taken = stage.sim.taken();
    let members = |name: &str| {
        let messages = taken.iter().filter_map(|taken| taken.message.as_ref());
        messages
            .filter(|message| message.get(name).is_some())
            .count()
    };
    assert_eq!((members("fid"), members("token")), (1, 2));
    assert_eq!((members("apns"), members("webpush")), (1, 1));
}

#[tokio::test]
async fn one_access_token_serves_all_messages_of_an_hour_and_then_there_is_another() {
    let stage = Stage::new();
    for _ in 0..5 {
        stage.clock.advance(10 * MINUTE_MS);
        let answer = stage.send(&to_android()).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    }
    assert_eq!(stage.sim.counts().granted, 1);
    stage.clock.advance(30 * MINUTE_MS);
    let mut later = to_android();
    later.expires_at = stage.clock.now().plus_millis(MINUTE_MS);
    let answer = stage.send(&later).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(stage.sim.counts().granted, 2);
}

#[tokio::test]
async fn many_first_messages_share_one_access_token() {
    let stage = Stage::new();
    let message = to_android();
    let sends = (0..50).map(|_| stage.send(&message));
    for answer in futures_util::future::join_all(sends).await {
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    }
    let counts = stage.sim.counts();
    assert_eq!((counts.granted, counts.accepted), (1, 50));
}

#[tokio::test]
async fn an_access_token_that_was_taken_back_is_replaced_within_the_attempt() {
    let stage = Stage::new();
    stage.send(&to_android()).await;
    stage.sim.revoke_tokens();
    let message = to_android();
    let sends = (0..20).map(|_| stage.send(&message));
    for answer in futures_util::future::join_all(sends).await {
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    }
    assert_eq!(stage.sim.counts().granted, 2);
}

#[tokio::test]
async fn a_second_refusal_of_the_access_token_is_the_answer() {
    let stage = Stage::new();
    stage.answers(Row::Unauthenticated);
    let answer = stage.send(&to_android()).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth));
    assert_eq!(answer.status, Some(401));
    let counts = stage.sim.counts();
    assert_eq!(counts.granted, 2);
    assert_eq!(counts.refused.values().sum::<u64>(), 2);
}

#[tokio::test]
async fn refused_credentials_and_an_outage_of_the_token_endpoint_are_told_apart() {
    for (answer, reason, code) in [
        (
            TokenAnswer::refuse(400, "invalid_grant", "Invalid JWT Signature."),
            Reason::ProviderAuth,
            Some("invalid_grant"),
        ),
        (
            TokenAnswer::refuse(401, "invalid_client", ""),
            Reason::ProviderAuth,
            Some("invalid_client"),
        ),
        (
            TokenAnswer::Fault(Fault::Canned(Canned::edge(503))),
            Reason::ProviderUnavailable,
            None,
        ),
        (
            TokenAnswer::Fault(Fault::CloseAfter),
            Reason::ConnectionFailed,
            None,
        ),
    ] {
        let stage = Stage::new();
        stage.tokens([Rule::always(answer)]);
        let answer = stage.send(&to_android()).await;
        assert_eq!(answer.reason(), Some(reason), "{answer:?}");
        assert_eq!(answer.code.as_deref(), code);
        assert!(answer.message.unwrap().contains("token endpoint"));
        assert_eq!(stage.sim.counts().accepted, 0);
    }
}

#[tokio::test]
async fn a_key_that_was_revoked_does_not_stop_a_token_that_is_still_valid() {
    let stage = Stage::new();
    stage.send(&to_android()).await;
    stage.sim.revoke_key();
    let answer = stage.send(&to_android()).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let fresh = FcmSender::new(&credential(&stage.sim), &network()).unwrap();
    let answer = fresh.check(NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth), "{answer:?}");
}

#[tokio::test]
async fn every_row_of_fcms_table_has_its_reason() {
    let stage = Stage::new();
    for row in Row::ALL {
        let expected = match row {
            Row::InvalidArgument => Reason::PayloadInvalid,
            Row::InvalidToken => Reason::TokenInvalid,
            Row::ThirdPartyAuth => Reason::ProviderThirdParty,
            Row::Unauthenticated | Row::PermissionDenied => Reason::ProviderAuth,
            Row::SenderIdMismatch => Reason::WrongProject,
            Row::Unregistered => Reason::TokenUnregistered,
            Row::NoSuchProject => Reason::ProviderConfig,
            Row::QuotaExceeded => Reason::ProviderThrottled,
            Row::Internal | Row::Unavailable => Reason::ProviderUnavailable,
            Row::Unspecified => Reason::FailedUnknown,
        };
        stage.answers(row);
        let answer = stage.send(&to_android()).await;
        assert_eq!(answer.reason(), Some(expected), "{row:?}");
        assert_eq!(answer.status, Some(row.http()));
        let name = row.error_code().unwrap_or(row.status());
        assert_eq!(answer.code.as_deref(), Some(name));
    }
}

#[tokio::test]
async fn details_beside_the_code_change_what_is_done() {
    let stage = Stage::new();
    let bad_field = |field: &str| Extra::BadRequest {
        field: field.to_owned(),
        description: "is wrong".to_owned(),
    };
    let quota = |subject: &str| Extra::QuotaFailure {
        subject: subject.to_owned(),
        description: "messages per minute".to_owned(),
    };
    for (row, extra, expected) in [
        (
            Row::InvalidArgument,
            bad_field("message.token"),
            Reason::TokenInvalid,
        ),
        (
            Row::InvalidToken,
            bad_field("message.android.ttl"),
            Reason::PayloadInvalid,
        ),
        (
            Row::QuotaExceeded,
            quota("device:cWm1"),
            Reason::DeviceThrottled,
        ),
        (
            Row::QuotaExceeded,
            quota("project:shop"),
            Reason::ProviderThrottled,
        ),
    ] {
        stage.answers(Refusal::of(row).with(extra));
        let answer = stage.send(&to_android()).await;
        assert_eq!(answer.reason(), Some(expected), "{row:?}");
    }
    stage.answers(Refusal::of(Row::ThirdPartyAuth).with(Extra::ApnsError {
        status_code: 403,
        reason: "BadEnvironmentKeyInToken".to_owned(),
    }));
    let answer = stage.send(&outgoing(Platform::Ios, TOKEN)).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderThirdParty));
    assert!(answer.message.unwrap().contains("BadEnvironmentKeyInToken"));
}

#[tokio::test]
async fn it_says_when_fcm_wants_to_be_asked_again() {
    let stage = Stage::new();
    for wait in [
        RetryAfter::Seconds(90),
        RetryAfter::At(NOW.plus_millis(90_000)),
    ] {
        for row in [Row::QuotaExceeded, Row::Unavailable] {
            stage.answers(Refusal::of(row).retry_after(wait));
            let answer = stage.send(&to_android()).await;
            assert_eq!(answer.retry_after_ms, Some(90_000), "{row:?} {wait:?}");
        }
    }
}

#[tokio::test]
async fn pages_of_googles_front_are_outages() {
    let stage = Stage::new();
    for status in [502, 503] {
        stage.answers(FcmAnswer::Fault(Fault::Canned(Canned::edge(status))));
        let answer = stage.send(&to_android()).await;
        assert_eq!(answer.reason(), Some(Reason::ProviderUnavailable));
        assert_eq!(answer.status, Some(status));
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown() {
    let stage = Stage::new();
    stage.answers(FcmAnswer::Fault(Fault::CloseAfter));
    let answer = stage.send(&to_android()).await;
    assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
    assert_eq!(stage.sim.counts().unanswered, 1);
}

#[tokio::test]
async fn devices_that_left_are_told_apart() {
    let stage = Stage::new();
    stage.sim.unregister("gone");
    stage.sim.move_to_other_project("elsewhere");
    for (token, expected) in [
        ("gone", Reason::TokenUnregistered),
        ("elsewhere", Reason::WrongProject),
    ] {
        let answer = stage.send(&outgoing(Platform::Android, token)).await;
        assert_eq!(answer.reason(), Some(expected), "{token}");
    }
}

#[tokio::test]
async fn a_dry_run_and_a_check_are_validated_and_reach_nobody() {
    let stage = Stage::new();
    let mut dry = to_android();
    dry.dry_run = true;
    let answer = stage.send(&dry).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let answer = stage.sender.check(NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let counts = stage.sim.counts();
    assert_eq!((counts.validated, counts.accepted), (2, 0));
}

#[tokio::test]
async fn checking_finds_a_project_that_is_not_there() {
    let stage = Stage::new();
    let elsewhere = FcmCredential {
        project_id: Some("no-such-project".to_owned()),
        ..credential(&stage.sim)
    };
    let sender = connect(&Credential::Fcm(elsewhere), &network()).unwrap();
    assert_eq!(sender.provider(), Provider::Fcm);
    let answer = sender.check(NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig), "{answer:?}");
}

#[tokio::test]
async fn what_fits_here_fits_there_too() {
    let stage = Stage::new();
    let sized = |length: usize| {
        let mut outgoing = to_android();
        outgoing.content = Content::Push(Box::new(PushContent {
            body: Some("b".repeat(length)),
            ..PushContent::default()
        }));
        outgoing
    };
    let keys = "body".len() + "CIO-Delivery-ID".len() + "CIO-Delivery-Token".len();
    let room = 4_096 - keys - "dlv_7".len() - TOKEN.len();
    let answer = stage.send(&sized(room)).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let answer = stage.send(&sized(room + 1)).await;
    assert_eq!(answer.reason(), Some(Reason::PayloadTooLarge));
    assert_eq!(stage.sim.counts().refused.len(), 0);
}

#[tokio::test]
async fn a_custom_payload_is_taken_with_our_keys() {
    let stage = Stage::new();
    let mut outgoing = to_android();
    outgoing.content = Content::Push(Box::new(PushContent {
        custom_payload: Some(Box::new(CustomPayload {
            android: Some(json!({
                "message": {
                    "data": { "title": "own", "count": 3 },
                    "android": { "notification": { "icon": "bell" }, "collapseKey": "mine" },
                },
            })),
            ..CustomPayload::default()
        })),
        ..PushContent::default()
    }));
    let answer = stage.send(&outgoing).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let taken = stage.sim.taken();
    let message = taken.last().unwrap().message.as_ref().unwrap();
    assert_eq!(message["data"]["count"], "3");
    assert_eq!(message["data"]["CIO-Delivery-ID"], "dlv_7");
    assert_eq!(message["android"]["collapse_key"], "mine");
}

#[tokio::test]
async fn private_addresses_are_not_called_unless_allowed() {
    let stage = Stage::new();
    let careful = FcmSender::new(&credential(&stage.sim), &Network::default()).unwrap();
    let answer = careful.send(&to_android(), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig), "{answer:?}");
    assert!(stage.sim.taken().is_empty());
}

#[tokio::test]
async fn a_malformed_credential_is_refused_with_the_field() {
    let sim = Stage::new().sim;
    for (field, credential) in [
        (
            "service_account",
            FcmCredential {
                service_account: "{}".to_owned(),
                ..credential(&sim)
            },
        ),
        (
            "project_id",
            FcmCredential {
                project_id: Some("shop/../other".to_owned()),
                ..credential(&sim)
            },
        ),
        (
            "base_url",
            FcmCredential {
                base_url: Some("ftp://localhost".to_owned()),
                ..credential(&sim)
            },
        ),
        (
            "ca_pem",
            FcmCredential {
                ca_pem: Some("no certificate".to_owned()),
                ..credential(&sim)
            },
        ),
    ] {
        let error = FcmSender::new(&credential, &network()).err().unwrap();
        assert_eq!(error.field, field, "{error}");
    }
}
