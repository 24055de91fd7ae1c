//! `landfall sim providers`.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use landfall_domain::time::{Clock, WallClock};
use landfall_sim::apns::{ApnsOptions, ApnsSim, Auth, ProviderKey};
use landfall_sim::certificate::Authority;
use landfall_sim::fcm::{FcmOptions, FcmSim};
use landfall_sim::slack::{self, Slack};
use landfall_sim::sms_gateway::{self, SmsGateway};
use landfall_sim::smtp::{self, Smtp};
use landfall_sim::truth::Recording;
use landfall_sim::twilio::{self, Twilio};
use landfall_sim::web_push::{self, WebPush};

use super::phones::{self, PhoneArgs, Phones};
use super::scripts::Scripts;

/// Pause between looks at the counters.
const LOOK: Duration = Duration::from_secs(1);
const KEY_ID: &str = "SIM0000001";
const TEAM_ID: &str = "SIMTEAM001";

/// Providers to simulate; all of them if none is named.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys and certificates are made anew at each start and written to the folder of --out. The lines that are
printed add them to a running Landfall, which must be allowed to call your own machine:
  landfall serve --allow-private-addresses

A script says who gets which answer; without one every provider is healthy. For example
  {\"apns\": {\"seed\": 7, \"rules\": [
     {\"when\": {\"prefix\": \"dead\"}, \"answer\": {\"outcome\": {\"refuse\": {\"reason\": \"Unregistered\"}}}},
     {\"answer\": {\"outcome\": {\"refuse\": {\"reason\": \"TooManyRequests\"}}}, \"probability\": 0.1}]}}
More in docs/sending/simulators.md.")]
pub(super) struct Providers {
    /// APNs, on this port (0: a free one).
    #[arg(long, value_name = "PORT")]
    apns: Option<u16>,
    /// FCM with Google's token endpoint.
    #[arg(long, value_name = "PORT")]
    fcm: Option<u16>,
    /// A push service of browsers, with one browser.
    #[arg(long, value_name = "PORT")]
    web_push: Option<u16>,
    /// Twilio.
    #[arg(long, value_name = "PORT")]
    twilio: Option<u16>,
    /// An SMS gateway with an HTTP interface.
    #[arg(long, value_name = "PORT")]
    sms: Option<u16>,
    /// A mail server.
    #[arg(long, value_name = "PORT")]
    smtp: Option<u16>,
    /// Slack's incoming webhooks.
    #[arg(long, value_name = "PORT")]
    slack: Option<u16>,
    /// What they answer: a JSON file with a script for each provider.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Where keys and certificates are written.
    #[arg(long, value_name = "DIR", default_value = "landfall-sim")]
    out: PathBuf,
    #[command(flatten)]
    phones: PhoneArgs,
}

/// A simulator at work.
struct Running {
    name: &'static str,
    url: String,
    /// How it is added to Landfall.
    add: Option<String>,
    /// What else there is to know about it.
    hint: Option<String>,
    /// How many it took, and how many it did not.
    counts: Box<dyn Fn() -> (u64, Option<u64>)>,
}

/// What the simulators are made with.
struct Setup<'a> {
    clock: Arc<dyn Clock>,
    scripts: Scripts,
    out: &'a Path,
    /// Certificates to trust.
    trusted: String,
    phones: Option<Arc<Phones>>,
    apple: Option<Arc<ApnsSim>>,
    google: Option<Arc<FcmSim>>,
}

/// Runs the command until it is interrupted.
pub(super) fn run(wanted: &Providers) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let out = wanted.out.as_path();
        std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let mut setup = Setup::of(wanted)?;
        let running = start(wanted, &mut setup)?;
        announce(&running, out)?;
        let phones = setup.phones.clone();
        let living = async {
            match &setup.phones {
                Some(fleet) => {
                    let (apple, google) = (setup.apple.clone(), setup.google.clone());
                    phones::live(Arc::clone(fleet), wanted.phones.clone(), apple, google).await
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = count(&running, phones.as_deref()) => {}
            ended = living => ended?,
            stopped = tokio::signal::ctrl_c() => stopped?,
        }
        println!();
        Ok(())
    })
}

fn start(wanted: &Providers, setup: &mut Setup<'_>) -> Result<Vec<Running>> {
    type Start = fn(&mut Setup<'_>, SocketAddr) -> Result<Running>;
    let all: [(Option<u16>, Start); 7] = [
        (wanted.apns, apns),
        (wanted.fcm, fcm),
        (wanted.web_push, web_push),
        (wanted.twilio, twilio),
        (wanted.sms, sms),
        (wanted.smtp, smtp),
        (wanted.slack, slack),
    ];
    let none = all.iter().all(|(port, _)| port.is_none());
    let mut running = Vec::new();
    for (port, start) in all {
        if let Some(port) = port.or(none.then_some(0)) {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            running.push(start(setup, address)?);
        }
    }
    write(&setup.out.join("ca.pem"), &setup.trusted)?;
    Ok(running)
}

fn apns(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let (key, private) = ProviderKey::generate(KEY_ID, TEAM_ID)?;
    let mut options = ApnsOptions::new(Arc::clone(&setup.clock));
    options.address = address;
    options.auth = Auth::Tokens(vec![key]);
    options.recording = Recording::Count;
    if let Some(phones) = setup.phones.clone() {
        options.on_accepted = Some(Arc::new(move |taken| phones.take_apns(taken)));
    }
    let sim = ApnsSim::start(options).context("APNs cannot be simulated there")?;
    let sim = Arc::new(sim);
    setup.apple = Some(Arc::clone(&sim));
    sim.script()
        .replace(std::mem::take(&mut setup.scripts.apns));
    setup.trusted.push_str(sim.ca_pem());
    let key_file = setup.out.join(format!("AuthKey_{KEY_ID}.p8"));
    write(&key_file, &private)?;
    let url = format!("https://{}", sim.addr());
    let add = format!(
        "landfall credentials add apple --provider apns --key-file {} --key-id {KEY_ID} \
         --team-id {TEAM_ID} --topic com.shop.app --base-url {url} {}",
        key_file.display(),
        setup.reach(),
    );
    Ok(Running {
        name: "apns",
        url,
        add: Some(add),
        hint: None,
        counts: Box::new(move || {
            let counts = sim.counts();
            (counts.accepted, Some(counts.refused.values().sum()))
        }),
    })
}

fn fcm(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let mut options = FcmOptions::new(Arc::clone(&setup.clock));
    options.address = address;
    options.recording = Recording::Count;
    if let Some(phones) = setup.phones.clone() {
        options.on_accepted = Some(Arc::new(move |taken| phones.take_fcm(taken)));
    }
    let sim = FcmSim::start(options).context("FCM cannot be simulated there")?;
    let sim = Arc::new(sim);
    setup.google = Some(Arc::clone(&sim));
    sim.script().replace(std::mem::take(&mut setup.scripts.fcm));
    setup.trusted.push_str(sim.ca_pem());
    let key_file = setup.out.join("service-account.json");
    write(&key_file, &serde_json::to_string_pretty(&sim.key_file())?)?;
    let url = sim.base_url().to_owned();
    let add = format!(
        "landfall credentials add google --provider fcm --service-account {} --base-url {url} {}",
        key_file.display(),
        setup.reach(),
    );
    Ok(Running {
        name: "fcm",
        url,
        add: Some(add),
        hint: None,
        counts: Box::new(move || {
            let counts = sim.counts();
            (counts.accepted, Some(counts.refused.values().sum()))
        }),
    })
}

fn web_push(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let authority = Arc::new(Authority::new()?);
    let mut options = web_push::Options::tls(Arc::clone(&setup.clock), authority);
    options.address = address;
    let sim = WebPush::start(options).context("Web Push cannot be simulated there")?;
    sim.script()
        .replace(std::mem::take(&mut setup.scripts.web_push));
    setup
        .trusted
        .push_str(sim.authority_pem().unwrap_or_default());
    let browser = sim.subscribe().context("no browser could subscribe")?;
    let device = serde_json::json!({ "device": { "id": browser.endpoint, "platform": "web",
        "p256dh": browser.p256dh, "auth": browser.auth } });
    let add = format!(
        "landfall credentials add browsers --provider web-push --generate \
         --subject mailto:ops@shop.example {}",
        setup.reach(),
    );
    Ok(Running {
        name: "web-push",
        url: sim.origin().to_owned(),
        add: Some(add),
        hint: Some(format!(
            "a browser, for PUT /api/v1/customers/{{id}}/devices: {device}"
        )),
        counts: Box::new(move || (sim.taken().len() as u64, None)),
    })
}

fn twilio(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let mut options = twilio::Options::plain(Arc::clone(&setup.clock));
    options.address = address;
    let (sid, secret) = (options.account_sid.clone(), options.auth_token.clone());
    let from = options.senders.first().cloned().unwrap_or_default();
    let sim = Twilio::start(options).context("Twilio cannot be simulated there")?;
    sim.script()
        .replace(std::mem::take(&mut setup.scripts.twilio));
    let url = sim.base_url();
    let add = format!(
        "LANDFALL_SECRET={secret} landfall credentials add texts --provider twilio \
         --account-sid {sid} --from {from} --base-url {url} --allow-private-addresses"
    );
    Ok(Running {
        name: "twilio",
        url,
        add: Some(add),
        hint: None,
        counts: Box::new(move || (sim.taken().len() as u64, None)),
    })
}

fn sms(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let mut options = sms_gateway::Options::open(Arc::clone(&setup.clock));
    options.address = address;
    let sim = SmsGateway::start(options).context("the gateway cannot be simulated there")?;
    sim.script().replace(std::mem::take(&mut setup.scripts.sms));
    let url = sim.url();
    let add = format!(
        "LANDFALL_CREDENTIAL_URL={url} landfall credentials add gateway --provider http-sms \
         --from Shop --allow-private-addresses"
    );
    Ok(Running {
        name: "sms",
        url,
        add: Some(add),
        hint: None,
        counts: Box::new(move || (sim.taken().len() as u64, None)),
    })
}

fn smtp(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let mut options = smtp::Options::open(Arc::clone(&setup.clock));
    options.address = address;
    let sim = Smtp::start(options).context("the mail server cannot be simulated there")?;
    sim.script()
        .replace(std::mem::take(&mut setup.scripts.smtp));
    let port = sim.address().port();
    let add = format!(
        "landfall credentials add relay --provider smtp --host 127.0.0.1 --port {port} \
         --security plain --from 'Shop <shop@shop.example>' --allow-private-addresses"
    );
    Ok(Running {
        name: "smtp",
        url: format!("smtp://{}", sim.address()),
        add: Some(add),
        hint: None,
        counts: Box::new(move || (sim.taken().len() as u64, None)),
    })
}

fn slack(setup: &mut Setup<'_>, address: SocketAddr) -> Result<Running> {
    let mut options = slack::Options::plain(Arc::clone(&setup.clock));
    options.address = address;
    let sim = Slack::start(options).context("Slack cannot be simulated there")?;
    sim.script()
        .replace(std::mem::take(&mut setup.scripts.slack));
    let url = sim.add_webhook("T0001/B0001/simulated");
    let add = format!(
        "LANDFALL_CREDENTIAL_URL={url} landfall credentials add alerts --provider slack \
         --allow-private-addresses"
    );
    Ok(Running {
        name: "slack",
        url,
        add: Some(add),
        hint: None,
        counts: Box::new(move || (sim.taken().len() as u64, None)),
    })
}

impl<'a> Setup<'a> {
    fn of(wanted: &'a Providers) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        Ok(Self {
            phones: wanted.phones.phones(&clock),
            clock,
            scripts: Scripts::read(wanted.script.as_deref())?,
            out: wanted.out.as_path(),
            trusted: String::new(),
            apple: None,
            google: None,
        })
    }
}

impl Setup<'_> {
    /// Flags that let Landfall reach a simulator with a certificate of its own.
    fn reach(&self) -> String {
        let file = self.out.join("ca.pem");
        format!("--ca-file {} --allow-private-addresses", file.display())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Says where they are, and how they are added: line by line, and all lines in a file.
fn announce(running: &[Running], out: &Path) -> Result<()> {
    for one in running {
        println!("{:8} {}", one.name, one.url);
    }
    let trusted = out.join("ca.pem");
    println!("{:8} {}\n", "trust", trusted.display());
    let adds = running.iter().filter_map(|one| one.add.as_deref());
    let adds: Vec<&str> = adds.collect();
    for add in &adds {
        println!("{add}\n");
    }
    let file = out.join("add.sh");
    write(&file, &(adds.join("\n") + "\n"))?;
    println!("All of these lines: sh {}\n", file.display());
    for hint in running.iter().filter_map(|one| one.hint.as_ref()) {
        println!("{hint}\n");
    }
    println!("Ctrl-C stops them.\n");
    Ok(())
}

/// Shows the counters whenever they change: in place on a terminal, line by line elsewhere.
async fn count(running: &[Running], phones: Option<&Phones>) {
    let in_place = std::io::stdout().is_terminal();
    let mut looks = tokio::time::interval(LOOK);
    let mut shown = String::new();
    loop {
        looks.tick().await;
        let line = line_of(running, phones);
        if line == shown {
            continue;
        }
        match in_place {
            true => print!("\r{line}"),
            false => println!("{line}"),
        }
        // Nobody is left to see it when this fails.
        let _ = std::io::stdout().flush();
        shown = line;
    }
}

fn line_of(running: &[Running], phones: Option<&Phones>) -> String {
    let figures = running.iter().map(|one| match (one.counts)() {
        (taken, Some(refused)) if refused > 0 => {
            format!("{} {taken} (refused {refused})", one.name)
        }
        (taken, _) => format!("{} {taken}", one.name),
    });
    let phones = phones.map(|phones| {
        let (taken, arrived, shown) = phones.figures();
        format!("phones {taken} (arrived {arrived}, shown {shown})")
    });
    figures.chain(phones).collect::<Vec<_>>().join("   ")
}
