//! Phones behind the simulated providers: their apps register with a running Landfall, get what it sends over
//! Apple and Google, and report what arrived and what was tapped.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use landfall_domain::channel::Platform;
use landfall_domain::time::{Clock, Timestamp};
use landfall_sim::apns::ApnsSim;
use landfall_sim::fcm::FcmSim;
use landfall_sim::phones::{Fleet, FleetSpec, Happening, ProviderAnswer, Push, What};
use landfall_sim::{apns, fcm};
use serde_json::{Value, json};

/// Pause between looks at what happened.
const LOOK: Duration = Duration::from_millis(500);

/// Phones, and where their apps call.
#[derive(Clone, Debug, Args)]
pub(super) struct PhoneArgs {
    /// So many people with phones; their apps call the Landfall of --landfall.
    #[arg(long, value_name = "N", requires_all = ["landfall", "site_id", "track_key"], value_parser = clap::value_parser!(u32).range(1..=100_000))]
    phones: Option<u32>,
    /// The running Landfall that the apps call.
    #[arg(long, value_name = "URL", env = "LANDFALL_URL")]
    landfall: Option<String>,
    /// Site id of its Track API.
    #[arg(long, value_name = "S")]
    site_id: Option<String>,
    /// Key of its Track API.
    #[arg(
        long,
        value_name = "K",
        env = "LANDFALL_TRACK_KEY",
        hide_env_values = true
    )]
    track_key: Option<String>,
    /// Seed of all chance of the phones.
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
}

/// A fleet in real time.
pub(super) struct Phones {
    fleet: Mutex<Fleet>,
    clock: Arc<dyn Clock>,
}

/// What a call of an app is over HTTP.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    method: &'static str,
    path: String,
    body: Value,
}

/// Where calls go.
struct Server {
    agent: ureq::Agent,
    url: String,
    authorization: String,
}

impl PhoneArgs {
    /// The phones, if any are wanted.
    pub(super) fn phones(&self, clock: &Arc<dyn Clock>) -> Option<Arc<Phones>> {
        let people = self.phones?;
        let fleet = Fleet::new(FleetSpec::new(people, clock.now()), self.seed);
        Some(Arc::new(Phones {
            fleet: Mutex::new(fleet),
            clock: Arc::clone(clock),
        }))
    }

    fn server(&self) -> Result<Server> {
        use base64::Engine as _;
        let said = |value: &Option<String>, name: &str| {
            value.clone().with_context(|| format!("{name} is missing"))
        };
        let user = said(&self.site_id, "--site-id")?;
        let password = said(&self.track_key, "--track-key")?;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let url = said(&self.landfall, "--landfall")?;
        Ok(Server {
            agent: ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(10)))
                .build()
                .into(),
            url: url.trim_end_matches('/').to_owned(),
            authorization: format!("Basic {basic}"),
        })
    }
}

impl Phones {
    /// Takes what the simulated APNs took.
    pub(super) fn take_apns(&self, taken: &apns::Accepted) {
        self.take(Push::from_apns(taken), taken.at);
    }

    /// Takes what the simulated FCM took.
    pub(super) fn take_fcm(&self, taken: &fcm::Accepted) {
        if let Some(push) = Push::from_fcm(taken) {
            self.take(push, taken.at);
        }
    }

    fn take(&self, push: Push, at: Timestamp) {
        self.fleet().accept(push, at);
    }

    /// Pushes that were taken, arrived, and were shown.
    pub(super) fn figures(&self) -> (usize, usize, usize) {
        let fleet = self.fleet();
        let truth = fleet.truth();
        let arrived = truth.iter().filter(|one| one.arrived()).count();
        let shown = truth.iter().filter(|one| one.shown > 0).count();
        (truth.len(), arrived, shown)
    }

    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the phones live until the future is dropped.
pub(super) async fn live(
    phones: Arc<Phones>,
    args: PhoneArgs,
    apple: Option<Arc<ApnsSim>>,
    google: Option<Arc<FcmSim>>,
) -> Result<()> {
    let server = Arc::new(args.server()?);
    let mut alive: BTreeMap<String, Platform> = BTreeMap::new();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let now = phones.clock.now();
        let told = phones.fleet().advance(now);
        for one in &told {
            if let What::Registered(_) = one.what {
                alive.insert(one.token.to_string(), one.platform);
                register(one, apple.as_deref(), google.as_deref());
            }
        }
        alive.retain(|token, platform| {
            let answer = phones.fleet().provider_answer(token, now);
            let ProviderAnswer::Dead { since } = answer else {
                return true;
            };
            match (platform, &apple, &google) {
                (Platform::Ios, Some(apple), _) => apple.unregister(token, since),
                (Platform::Android, _, Some(google)) => google.unregister(token),
                _ => {}
            }
            false
        });
        let server = Arc::clone(&server);
        let posted = tokio::task::spawn_blocking(move || {
            told.iter()
                .map(call)
                .try_for_each(|call| server.post(&call))
        });
        if let Err(error) = posted.await? {
            eprintln!("\nan app's call did not reach Landfall: {error:#}");
        }
    }
}

fn register(one: &Happening, apple: Option<&ApnsSim>, google: Option<&FcmSim>) {
    match (one.platform, apple, google) {
        (Platform::Ios, Some(apple), _) => apple.register(&one.token, None),
        (Platform::Android, _, Some(google)) => google.register(&one.token),
        _ => {}
    }
}

/// A call of an app, as the SDKs of the Track API make it (mobile-sdk.md 4 and 5).
pub(super) fn call(one: &Happening) -> Call {
    let at = one.stated_at.unwrap_or(one.at).seconds();
    let devices = |person: u32| format!("/api/v1/customers/person-{person}/devices");
    let receipt = |delivery_id: &str, event: &str| Call {
        method: "POST",
        path: "/push/events".to_owned(),
        body: json!({ "delivery_id": delivery_id, "event": event, "device_id": &*one.token,
            "timestamp": at }),
    };
    match &one.what {
        What::Registered(app) => Call {
            method: "PUT",
            path: devices(app.person),
            body: json!({ "device": { "id": &*one.token, "platform": one.platform.name(), "last_used": at,
                "attributes": { "app_version": app.app_version, "cio_sdk_version": app.sdk_version,
                    "device_os": app.os, "device_model": app.model,
                    "push_enabled": app.permission.to_string() } } }),
        },
        What::Deleted { person } => Call {
            method: "DELETE",
            path: format!("{}/{}", devices(*person), one.token),
            body: Value::Null,
        },
        What::Delivered { delivery_id } => receipt(delivery_id, "delivered"),
        What::Opened { delivery_id } => receipt(delivery_id, "opened"),
    }
}

impl Server {
    fn post(&self, call: &Call) -> Result<()> {
        let request = ureq::http::Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.url, call.path))
            .header("authorization", &self.authorization)
            .header("content-type", "application/json");
        let body = match &call.body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let answer = self.agent.run(request.body(body)?)?;
        if !answer.status().is_success() {
            bail!("{} {}: {}", call.method, call.path, answer.status());
        }
        Ok(())
    }
}
