use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use landfall_domain::time::WallClock;
use landfall_sim::http::{Canned, Fault};
use landfall_sim::receiver::{Options, Receiver};
use landfall_sim::script::{Rule, Script};

use super::*;

fn private() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

/// A server that answers every request with this.
fn serving(answer: Canned) -> Receiver {
    let receiver = Receiver::start(Options::plain(Arc::new(WallClock))).expect("a receiver");
    let rule = Rule::always(Fault::Canned(answer));
    receiver.script().replace(Script::of([rule]));
    receiver
}

async fn all(receiver: &Receiver) -> Result<Vec<String>, FileError> {
    let mut file = FileLines::open(&private(), &receiver.url("/people.json")).await?;
    let mut lines = Vec::new();
    while let Some(more) = file.next().await? {
        lines.extend(more);
    }
    Ok(lines)
}

#[tokio::test]
async fn lines_come_plain_and_packed() {
    let text = "{\"id\":1}\n\n{\"id\":2}\r\n{\"id\":3}";
    let plain = serving(Canned::text(200, text));
    let expected = ["{\"id\":1}", "{\"id\":2}", "{\"id\":3}"];
    assert_eq!(all(&plain).await.expect("lines"), expected);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).expect("it packs");
    let url = serving_bytes(packed.finish().expect("it packs")).await;
    let mut file = FileLines::open(&private(), &url).await.expect("a file");
    let mut lines = Vec::new();
    while let Some(more) = file.next().await.expect("lines") {
        lines.extend(more);
    }
    assert_eq!(lines, expected);
}

/// A server that answers one request with these bytes, cut into pieces.
async fn serving_bytes(body: Vec<u8>) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!(
        "http://{}/people.json.gz",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream
            .write_all(head.as_bytes())
            .await
            .expect("it takes the head");
        for piece in body.chunks(7) {
            stream.write_all(piece).await.expect("it takes the body");
            stream.flush().await.expect("it takes the body");
        }
    });
    url
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let missing = serving(Canned::text(404, "no"));
    let said = all(&missing).await.expect_err("no file").to_string();
    assert_eq!(said, "the file cannot be read: the server answers 404");
    let receiver = serving(Canned::text(200, "x"));
    let refused = FileLines::open(&Network::default(), &receiver.url("/x")).await;
    assert!(refused.is_err(), "a private address");
    assert!(
        FileLines::open(&private(), "ftp://x.example/f")
            .await
            .is_err()
    );
}
