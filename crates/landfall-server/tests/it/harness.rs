//! A running Landfall with a workspace of known keys.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// Credentials that every test workspace has.
pub(crate) const SITE_ID: &str = "site-test";
pub(crate) const TRACK_KEY: &str = "track-test";
pub(crate) const APP_KEY: &str = "app-test";
pub(crate) const WRITE_KEY: &str = "write-test";

/// The binary under test.
pub(crate) fn landfall() -> Command {
    Command::new(env!("CARGO_BIN_EXE_landfall"))
}

/// A server over a data folder; killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub(crate) url: String,
    agent: ureq::Agent,
}

/// What came back: status and body.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Makes the workspace `shop` in `data`.
pub(crate) fn init(data: &Path) {
    let made = landfall()
        .args([
            "init",
            "--workspace",
            "shop",
            "--site-id",
            SITE_ID,
            "--track-key",
            TRACK_KEY,
        ])
        .args(["--app-key", APP_KEY, "--write-key", WRITE_KEY, "--data"])
        .arg(data)
        .output()
        .expect("landfall init runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

impl Server {
    /// Makes a workspace in `data` and serves it.
    pub(crate) fn fresh(data: &Path) -> Self {
        init(data);
        Self::start(data, &[])
    }

    /// Serves what is in `data`, on a port of the system's choice.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::listening(data, more).0
    }

    /// Serves with TLS too; returns the address of that.
    pub(crate) fn start_tls(data: &Path, certificate: &Path, key: &Path) -> (Self, String) {
        let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
        let (certificate, key) = (text(certificate), text(key));
        let more = [
            "--tls-listen",
            "127.0.0.1:0",
            "--tls-cert",
            &certificate,
            "--tls-key",
            &key,
        ];
        let (server, mut lines) = Self::listening(data, &more);
        let tls = lines.remove(0);
        (server, tls)
    }

    /// Starts and reads the addresses: the plain one, then the others.
    fn listening(data: &Path, more: &[&str]) -> (Self, Vec<String>) {
        let mut child = landfall()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(more)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("landfall serve starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line on stdout");
        let url = line
            .trim()
            .strip_prefix("landfall listens on ")
            .map(str::to_owned);
        let Some(url) = url else {
            let mut problem = String::new();
            let _ = child
                .stderr
                .take()
                .expect("stderr is piped")
                .read_to_string(&mut problem);
            panic!("the server did not start: {line} {problem}");
        };
        let mut others = Vec::new();
        if more.contains(&"--tls-listen") {
            line.clear();
            lines.read_line(&mut line).expect("a second line on stdout");
            let url = line.trim().strip_prefix("landfall listens on https://");
            others.extend(url.map(str::to_owned));
        }
        drain(child.stderr.take().expect("stderr is piped"));
        drain(lines);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        (Self { child, url, agent }, others)
    }

    /// Ends the server at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        assert!(asked.success());
        let ended = self.child.wait().expect("the server ends");
        assert!(ended.success(), "the server ended with {ended}");
    }

    /// A call with Track API credentials.
    pub(crate) fn track(&self, method: &str, path: &str, body: &Value) -> Answer {
        let basic = format!("Basic {}", basic(SITE_ID, TRACK_KEY));
        self.call(
            method,
            path,
            &[("authorization", &basic)],
            body.to_string().as_bytes(),
        )
        .expect("an answer")
    }

    /// Runs the command line against this server.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Output {
        landfall()
            .args(arguments)
            .env("LANDFALL_URL", &self.url)
            .env("LANDFALL_APP_KEY", APP_KEY)
            .env_remove("LANDFALL_TZ")
            .output()
            .expect("landfall runs")
    }

    /// As [`Server::cli`]: what it printed. It must succeed.
    #[track_caller]
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {problem}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A read with the App API key.
    pub(crate) fn app(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {APP_KEY}");
        self.call("GET", path, &[("authorization", &bearer)], b"")
            .expect("an answer")
    }

    /// Waits until something holds: asked at first, and whenever a stream of events says a word.
    pub(crate) fn until(&self, stream: &str, holds: impl Fn() -> bool) {
        let response = self
            .agent
            .get(format!("{}{stream}", self.url))
            .header("authorization", format!("Bearer {APP_KEY}"))
            .call()
            .expect("a stream");
        assert_eq!(response.status().as_u16(), 200);
        let mut lines = BufReader::new(response.into_body().into_reader()).lines();
        while !holds() {
            // A line for each change, and one every few seconds in any case.
            lines.next().expect("the stream goes on").expect("a line");
        }
    }

    /// Any call. `None`: the connection broke.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        call(&self.agent, &self.url, method, path, headers, body)
    }
}

/// A call to a server at `url`. `None`: the connection broke.
pub(crate) fn call(
    agent: &ureq::Agent,
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{url}{path}"));
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.to_vec()).expect("a request");
    let mut response = agent.run(request).ok()?;
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_string().ok()?;
    Some(Answer { status, body })
}

/// `user:password` for Basic authentication.
pub(crate) fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
}

/// Reads a pipe to its end so that the server never blocks on it.
fn drain(mut pipe: impl std::io::Read + Send + 'static) {
    std::thread::spawn(move || std::io::copy(&mut pipe, &mut std::io::sink()));
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
