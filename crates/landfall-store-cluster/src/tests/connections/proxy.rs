//! Stands between a store and the server, and breaks the connection at a word.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use postgres::Config;
use postgres::config::Host;

/// What is waited for; taken when it came.
type Word = Arc<Mutex<Option<&'static str>>>;

/// Forwards connections to the server for as long as the process lives.
#[derive(Debug)]
pub(super) struct Proxy {
    url: String,
    word: Word,
}

impl Proxy {
    /// Begins to forward to the server of a connection string.
    pub(super) fn start(url: &str) -> Self {
        let config: Config = url.parse().unwrap();
        let Some(Host::Tcp(host)) = config.get_hosts().first() else {
            panic!("the tests' server is reached by TCP: give its host by name or address");
        };
        let server = (
            host.clone(),
            config.get_ports().first().copied().unwrap_or(5432),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let word = Word::default();
        let watched = Arc::clone(&word);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                forward(&client.unwrap(), &server, &watched);
            }
        });
        Self {
            url: format!(
                "host=127.0.0.1 port={port} user={} dbname={} password='{}'",
                config.get_user().unwrap_or("postgres"),
                config.get_dbname().unwrap_or("postgres"),
                String::from_utf8_lossy(config.get_password().unwrap_or_default())
            ),
            word,
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Breaks the next connection on which `word` is sent, after it was passed on to the server.
    pub(super) fn cut_at(&self, word: &'static str) {
        *self.word.lock().unwrap() = Some(word);
    }

    /// Whether the word came.
    pub(super) fn has_cut(&self) -> bool {
        self.word.lock().unwrap().is_none()
    }
}

/// Both directions, each on a thread of its own. Ends when either side does.
fn forward(client: &TcpStream, server: &(String, u16), word: &Word) {
    let server = TcpStream::connect((server.0.as_str(), server.1)).unwrap();
    let (mut from_client, mut to_client) =
        (client.try_clone().unwrap(), client.try_clone().unwrap());
    let (mut from_server, mut to_server) = (server.try_clone().unwrap(), server);
    let word = Arc::clone(word);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut buffer = [0; 16_384];
        while let Ok(read @ 1..) = from_client.read(&mut buffer) {
            let cut = is_here(&word, &buffer[..read]);
            if cut {
                // Before the server hears it, so that its answer has nowhere to go.
                let _ = from_client.shutdown(Shutdown::Both);
            }
            if to_server.write_all(&buffer[..read]).is_err() || cut {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Write);
    });
}

fn is_here(word: &Word, bytes: &[u8]) -> bool {
    let mut word = word.lock().unwrap();
    let here = word.is_some_and(|word| {
        bytes
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    });
    if here {
        *word = None;
    }
    here
}
