use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Notify;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// A token endpoint that counts, and answers when it is let.
#[derive(Default)]
struct Endpoint {
    asked: AtomicUsize,
    gate: Notify,
    closed: bool,
    answers: Mutex<Vec<Result<i64, Reason>>>,
}

impl Endpoint {
    /// Answers in this order: a token valid for so many seconds, or a refusal.
    fn answering(answers: &[Result<i64, Reason>]) -> Self {
        Self {
            answers: Mutex::new(answers.iter().rev().copied().collect()),
            ..Self::default()
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn tokens(self) -> (AccessTokens, Arc<Self>) {
        let endpoint = Arc::new(self);
        let own = Arc::clone(&endpoint);
        let fetch = move |now: Timestamp| {
            let own = Arc::clone(&own);
            async move {
                let number = own.asked.fetch_add(1, Ordering::SeqCst) + 1;
                if own.closed {
                    own.gate.notified().await;
                }
                let answer = own.answers.lock().unwrap().pop().unwrap_or(Ok(3_599));
                answer
                    .map(|seconds| AccessToken {
                        secret: format!("token {number}"),
                        expires_at: now.plus_millis(seconds * SECOND_MS),
                    })
                    .map_err(Answer::refused)
            }
            .boxed()
        };
        (AccessTokens::new(Arc::new(fetch)), endpoint)
    }
}

/// Lets everything run that can.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn secret(token: Result<AccessToken, Answer>) -> String {
    token.unwrap().secret
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_until_five_minutes_before_its_end() {
    let (tokens, endpoint) = Endpoint::default().tokens();
    let fifty_four_minutes = NOW.plus_millis(54 * MINUTE_MS);
    for now in [NOW, NOW.plus_millis(MINUTE_MS), fifty_four_minutes] {
        assert_eq!(secret(tokens.get(now).await), "token 1");
    }
    settle().await;
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn many_that_wait_for_the_first_token_share_one_request() {
    let (tokens, endpoint) = Endpoint {
        closed: true,
        ..Endpoint::default()
    }
    .tokens();
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { join_all((0..100).map(|_| tokens.get(NOW))).await }
    });
    settle().await;
    endpoint.gate.notify_one();
    for token in waiting.await.unwrap() {
        assert_eq!(secret(token), "token 1");
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn near_its_end_the_old_token_serves_while_one_new_one_is_fetched() {
    let (tokens, endpoint) = Endpoint::default().tokens();
    tokens.get(NOW).await.unwrap();
    let near = NOW.plus_millis(56 * MINUTE_MS);
    for _ in 0..3 {
        assert_eq!(secret(tokens.get(near).await), "token 1");
    }
    settle().await;
    assert_eq!(endpoint.asked(), 2);
    assert_eq!(secret(tokens.get(near).await), "token 2");
}

#[tokio::test]
async fn a_renewal_that_hangs_holds_nobody_up() {
    let (tokens, endpoint) = Endpoint {
        closed: true,
        ..Endpoint::default()
    }
    .tokens();
    endpoint.gate.notify_one();
    tokens.get(NOW).await.unwrap();
    for second in 0..60 {
        let near = NOW.plus_millis(56 * MINUTE_MS + second * SECOND_MS);
        assert_eq!(secret(tokens.get(near).await), "token 1");
        settle().await;
    }
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test]
async fn a_failed_renewal_is_tried_again_after_a_pause_while_the_old_token_serves() {
    let (tokens, endpoint) =
        Endpoint::answering(&[Ok(3_599), Err(Reason::ProviderUnavailable)]).tokens();
    tokens.get(NOW).await.unwrap();
    let near = NOW.plus_millis(56 * MINUTE_MS);
    for moment in [near, near.plus_millis(PAUSE_AFTER_FAILURE_MS - 1)] {
        assert_eq!(secret(tokens.get(moment).await), "token 1");
        settle().await;
        assert_eq!(endpoint.asked(), 2);
    }
    let later = near.plus_millis(PAUSE_AFTER_FAILURE_MS);
    assert_eq!(secret(tokens.get(later).await), "token 1");
    settle().await;
    assert_eq!(secret(tokens.get(later).await), "token 3");
}

#[tokio::test]
async fn without_a_token_a_failure_answers_everybody_for_ten_seconds() {
    let (tokens, endpoint) = Endpoint::answering(&[Err(Reason::ProviderAuth)]).tokens();
    for moment in [NOW, NOW.plus_millis(PAUSE_AFTER_FAILURE_MS - 1)] {
        let answer = tokens.get(moment).await.unwrap_err();
        assert_eq!(answer.reason(), Some(Reason::ProviderAuth));
        assert_eq!(endpoint.asked(), 1);
    }
    let later = NOW.plus_millis(PAUSE_AFTER_FAILURE_MS);
    assert_eq!(secret(tokens.get(later).await), "token 2");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all_who_had_it() {
    let (tokens, endpoint) = Endpoint::default().tokens();
    let refused = tokens.get(NOW).await.unwrap();
    for _ in 0..5 {
        assert_eq!(secret(tokens.instead_of(&refused, NOW).await), "token 2");
    }
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_not_used() {
    let (tokens, _) = Endpoint::answering(&[Ok(60)]).tokens();
    tokens.get(NOW).await.unwrap();
    let end = NOW.plus_millis(60 * SECOND_MS - UNUSABLE_BEFORE_MS);
    assert_eq!(secret(tokens.get(end).await), "token 2");
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_end_the_request() {
    let (tokens, endpoint) = Endpoint {
        closed: true,
        ..Endpoint::default()
    }
    .tokens();
    assert!(tokens.get(NOW).now_or_never().is_none());
    settle().await;
    endpoint.gate.notify_one();
    settle().await;
    assert_eq!(secret(tokens.get(NOW).await), "token 1");
    assert_eq!(endpoint.asked(), 1);
}

#[test]
fn a_token_ends_so_many_seconds_after_it_was_asked_for() {
    let body = json!({"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer"});
    let token = read(200, None, body.to_string().as_bytes(), NOW).unwrap();
    assert_eq!(
        token,
        AccessToken {
            secret: "ya29.x".to_owned(),
            expires_at: NOW.plus_millis(3_599_000),
        }
    );
}

#[test]
fn what_the_token_endpoint_refuses_is_told_apart() {
    let grant = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
    let client = r#"{"error":"invalid_client"}"#;
    for (status, body, reason, code) in [
        (400, grant, Reason::ProviderAuth, Some("invalid_grant")),
        (401, client, Reason::ProviderAuth, Some("invalid_client")),
        (
            400,
            r#"{"error":"invalid_scope"}"#,
            Reason::ProviderAuth,
            Some("invalid_scope"),
        ),
        (403, "", Reason::ProviderAuth, None),
        (404, "<html>", Reason::ProviderConfig, None),
        (429, "", Reason::ProviderUnavailable, None),
        (500, "{}", Reason::ProviderUnavailable, None),
        (503, "<html>", Reason::ProviderUnavailable, None),
        (
            200,
            r#"{"access_token":"s3cret"}"#,
            Reason::ProviderUnavailable,
            None,
        ),
        (200, "s3cret", Reason::ProviderUnavailable, None),
    ] {
        let answer = read(status, Some(3_000), body.as_bytes(), NOW).unwrap_err();
        assert_eq!(answer.reason(), Some(reason), "{status} {body}");
        assert_eq!(answer.status, Some(status));
        assert_eq!(answer.code.as_deref(), code);
        assert_eq!(answer.retry_after_ms, Some(3_000));
        let message = answer.message.unwrap();
        assert!(message.starts_with("the token endpoint: "), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}
