use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn refused(url: &str) -> Option<CredentialError> {
    let credential = SlackCredential {
        url: url.to_owned(),
        ca_pem: None,
    };
    SlackSender::new(&credential, &Network::default()).err()
}

fn content(text: &str, blocks: Option<Value>) -> SlackContent {
    SlackContent {
        text: text.to_owned(),
        blocks,
    }
}

#[test]
fn only_the_whole_address_of_a_webhook_is_taken() {
    assert_eq!(refused("https://hooks.slack.com/services/T0/B0/x"), None);
    for url in [
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com/",
        "T0/B0/x",
        "",
    ] {
        let error = refused(url).expect("refused");
        assert_eq!(error.field, "url");
        assert!(!error.to_string().contains("B0"), "{error}");
    }
}

#[test]
fn a_message_has_text_or_blocks_or_both() {
    let divider = json!([{"type": "divider"}]);
    assert_eq!(message(&content("Hi", None)), Ok(json!({"text": "Hi"})));
    assert_eq!(
        message(&content("Hi", Some(divider.clone()))),
        Ok(json!({"text": "Hi", "blocks": divider}))
    );
    assert_eq!(
        message(&content("Hi", Some(json!([])))),
        Ok(json!({"text": "Hi"}))
    );
    let empty = message(&content(" ", None)).expect_err("refused");
    assert_eq!(empty.reason(), Some(Reason::PayloadInvalid));
}

#[tokio::test]
async fn nothing_secret_stands_in_an_answer() {
    // Nobody listens on this port: the words come from the connection's error.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let credential = SlackCredential {
        url: format!("http://{address}/services/T0/B0/s3cret"),
        ca_pem: None,
    };
    let network = Network {
        private_allowed: true,
        ..Network::default()
    };
    let sender = SlackSender::new(&credential, &network).expect("a sender");
    let answer = sender.post(&content("Hi", None), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ConnectionFailed));
    assert!(!format!("{answer:?}").contains("s3cret"), "{answer:?}");
}

#[test]
fn an_answer_keeps_slacks_word_and_when_to_come_back() {
    let refused = answer(&Reply::of(404, "channel_not_found"));
    assert_eq!(refused.reason(), Some(Reason::ProviderConfig));
    assert_eq!(refused.code.as_deref(), Some("channel_not_found"));
    assert_eq!(refused.status, Some(404));
    assert_eq!(answer(&Reply::of(200, "ok")).reason(), None);
}
