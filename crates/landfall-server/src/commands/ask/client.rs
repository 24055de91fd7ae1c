//! The client side of Landfall's API.

use std::io::{BufRead as _, BufReader};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;

/// Which server, with which key.
#[derive(Clone, Debug, Args)]
pub(crate) struct Connection {
    /// Where Landfall listens.
    // A name of its own: commands below have arguments that are called so, too.
    #[arg(
        id = "server_url",
        long = "url",
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:7171",
        env = "LANDFALL_URL"
    )]
    pub(crate) url: String,
    /// The workspace's app key.
    #[arg(
        id = "app_key",
        long = "key",
        global = true,
        value_name = "KEY",
        env = "LANDFALL_APP_KEY",
        hide_env_values = true
    )]
    pub(crate) key: Option<String>,
    /// Print JSON.
    #[arg(id = "as_json", long = "json", global = true)]
    pub(crate) json: bool,
}

/// Talks to one server.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    bearer: String,
}

impl Client {
    /// For a connection; says what is missing.
    pub(crate) fn new(connection: &Connection) -> Result<Self> {
        let Some(key) = &connection.key else {
            bail!(
                "which workspace? give its app key: --key KEY or LANDFALL_APP_KEY=KEY \
                 (`landfall init` printed it; `landfall keys add --kind app` makes another)"
            );
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let url = connection.url.trim_end_matches('/').to_owned();
        Ok(Self {
            agent,
            url,
            bearer: format!("Bearer {key}"),
        })
    }

    /// Asks for JSON.
    pub(crate) fn get(&self, path: &str, parameters: &[(String, String)]) -> Result<Value> {
        let request = self
            .agent
            .get(format!("{}{path}", self.url))
            .query_pairs(
                parameters
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            )
            .header("authorization", &self.bearer);
        let response = request.call().with_context(|| self.unreachable())?;
        self.read(response)
    }

    /// Asks for text that is not JSON.
    pub(crate) fn get_text(&self, path: &str, parameters: &[(String, String)]) -> Result<String> {
        let request = self
            .agent
            .get(format!("{}{path}", self.url))
            .query_pairs(
                parameters
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            )
            .header("authorization", &self.bearer);
        let mut response = request.call().with_context(|| self.unreachable())?;
        if response.status().as_u16() == 200 {
            let text = response.body_mut().read_to_string();
            return text.context("the answer broke off");
        }
        // What went wrong is said in JSON.
        self.read(response).map(|answer| answer.to_string())
    }

    /// Sends a body, gets JSON.
    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Value> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("authorization", &self.bearer)
            .header("content-type", content_type);
        let response = request.send(body).with_context(|| self.unreachable())?;
        self.read(response)
    }

    /// Puts a body in a place, gets JSON.
    pub(crate) fn put(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Value> {
        let request = self
            .agent
            .put(format!("{}{path}", self.url))
            .header("authorization", &self.bearer)
            .header("content-type", content_type);
        let response = request.send(body).with_context(|| self.unreachable())?;
        self.read(response)
    }

    /// Sends a body, gets the status and the JSON of whatever is answered.
    pub(crate) fn post_whatever(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(u16, Value)> {
        let request = self.agent.post(format!("{}{path}", self.url));
        self.send_whatever(request, content_type, body)
    }

    /// As [`Client::post_whatever`], to put something in its place.
    pub(crate) fn put_whatever(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(u16, Value)> {
        let request = self.agent.put(format!("{}{path}", self.url));
        self.send_whatever(request, content_type, body)
    }

    fn send_whatever(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        content_type: &str,
        body: &[u8],
    ) -> Result<(u16, Value)> {
        let request = request
            .header("authorization", &self.bearer)
            .header("content-type", content_type);
        let mut response = request.send(body).with_context(|| self.unreachable())?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string();
        let text = text.context("the answer broke off")?;
        Ok((
            status,
            serde_json::from_str(&text).context("the answer is not JSON")?,
        ))
    }

    /// A name as a part of a path.
    pub(crate) fn encoded(part: &str) -> String {
        percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    /// Deletes something.
    pub(crate) fn delete(&self, path: &str) -> Result<()> {
        let request = self
            .agent
            .delete(format!("{}{path}", self.url))
            .header("authorization", &self.bearer);
        let response = request.call().with_context(|| self.unreachable())?;
        if response.status().as_u16() != 204 {
            self.read(response)?;
        }
        Ok(())
    }

    /// Follows a stream of server-sent events; `each` gets the data of one event and says whether to
    /// go on.
    pub(crate) fn follow(
        &self,
        path: &str,
        parameters: &[(String, String)],
        each: impl FnMut(Value) -> Result<bool>,
    ) -> Result<()> {
        let begun = || {
            eprintln!("Waiting for deliveries; Ctrl-C stops.");
            Ok(())
        };
        self.follow_from(path, parameters, begun, each)
    }

    /// As [`Client::follow`]; `begun` is called when nothing is missed any more.
    pub(crate) fn follow_from(
        &self,
        path: &str,
        parameters: &[(String, String)],
        begun: impl FnOnce() -> Result<()>,
        mut each: impl FnMut(Value) -> Result<bool>,
    ) -> Result<()> {
        let response = self
            .agent
            .get(format!("{}{path}", self.url))
            .query_pairs(
                parameters
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            )
            .header("authorization", &self.bearer)
            .call()
            .with_context(|| self.unreachable())?;
        if response.status().as_u16() != 200 {
            self.read(response)?;
            return Ok(());
        }
        begun()?;
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            let line = line.context("the connection ended")?;
            if let Some(data) = line.strip_prefix("data:")
                && !each(serde_json::from_str(data.trim()).context("not an event")?)?
            {
                break;
            }
        }
        Ok(())
    }

    fn unreachable(&self) -> String {
        format!(
            "{} does not answer: is `landfall serve` running? (--url says where)",
            self.url
        )
    }

    fn read(&self, mut response: ureq::http::Response<ureq::Body>) -> Result<Value> {
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()
            .context("the answer broke off")?;
        if (200..300).contains(&status) {
            return serde_json::from_str(&body).context("the answer is not JSON");
        }
        let error: Value = serde_json::from_str(&body).unwrap_or_default();
        let said = error["error"]["message"]
            .as_str()
            .or_else(|| error["meta"]["error"].as_str());
        match (status, said) {
            (401, _) => bail!(
                "{} does not know this key: --key wants the app key",
                self.url
            ),
            (_, Some(said)) => bail!("{said}"),
            (_, None) => bail!("{} answered {status}: {body}", self.url),
        }
    }
}
