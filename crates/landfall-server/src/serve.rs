//! `landfall serve`: open the workspaces, listen, send, stop in order.

pub(crate) mod sending;

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use landfall_domain::time::WallClock;
use landfall_engine::directory::WorkspaceRecord;
use landfall_engine::experiments::GUARD_EVERY_MS;
use landfall_engine::random::{Random as _, SystemRandom};
use landfall_engine::seal::MasterKey;
use landfall_engine::segments::Builder;
use landfall_engine::{
    Directory, Links, Opened, Options, ProductFollower, Reporter, Reporting, Scheduler, Sending,
    Timekeeper, Workspace,
};
use landfall_store::Store;

use crate::cli::{LogFormat, Serve};
use crate::data::DataFolder;
use crate::listen::{self, Door};

/// Connections to PostgreSQL that each workspace keeps.
const CONNECTIONS: usize = 8;
/// Pause between looks at the file of keys.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);
const HOUR: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// Serves until a signal says stop.
pub(crate) fn run(serve: &Serve) -> Result<()> {
    log_to_stderr(serve.log_format);
    // Both ends of TLS use the one provider that is built in.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = DataFolder::open(&serve.data.data)?;
    let file = folder.directory()?;
    if file.workspaces.is_empty() {
        bail!(
            "there is no workspace in {} yet: make one with `landfall init --data {} --workspace shop`",
            serve.data.data.display(),
            serve.data.data.display()
        );
    }
    let _lock = folder.lock()?;
    let master = folder.master_key()?;
    let opened = file
        .workspaces
        .iter()
        .map(|record| open(serve, &folder, record, &master))
        .collect::<Result<Vec<_>>>()?;
    let handles: Vec<Workspace> = opened
        .iter()
        .map(|opened| opened.workspace.clone())
        .collect();
    let directory = Directory::new(folder.directory_path(), file, handles.clone(), master)?;
    let settings = landfall_api::Settings {
        public_host: serve.public_host.clone(),
        exports: folder.exports(),
        store_nothing: serve.store_nothing,
    };
    let kept = directory.clone();
    let network = serve.sending.network()?;
    let random = Arc::new(SystemRandom);
    let reporting = Reporting::new(directory.clone(), network.clone(), random);
    let sending = Sending::new(directory.clone(), network, !serve.sending.no_send);
    let links = links(serve, &directory)?;
    let app = landfall_api::App::new(directory, settings)
        .with_links(links.clone())
        .with_sending(sending.clone())
        .with_reporting(reporting.clone())
        .with_qa(Arc::new(crate::scratch::empty));
    let router = site(app);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for workspace in handles {
        runtime.spawn(Builder::new(workspace.clone()).run());
        if !serve.sending.no_send {
            runtime.spawn(Timekeeper::new(workspace.clone()).run());
            runtime.spawn(ProductFollower::new(workspace.clone()).run());
            runtime.spawn(Scheduler::new(workspace.clone()).run());
            runtime.spawn(Reporter::new(reporting.clone(), workspace.clone()).run());
        }
        runtime.spawn(keep_counted(workspace.clone()));
        runtime.spawn(keep_guarded(workspace.clone()));
        runtime.spawn(keep_swept(workspace));
    }
    runtime.spawn(keep_current(kept));
    let served = runtime.block_on(async {
        let running = sending::start(&sending, &serve.sending, links.as_ref());
        let served = listen_until_stopped(serve, router).await;
        running.stop().await;
        served
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    for workspace in opened {
        workspace.stop();
    }
    served
}

/// The web application and the APIs behind it.
pub(crate) fn site(app: landfall_api::App) -> axum::Router {
    landfall_ui::router(Arc::new(nonce)).merge(landfall_api::router(app))
}

/// What the page's own style elements prove themselves with.
fn nonce() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What links in messages begin with, where somebody said so.
fn links(serve: &Serve, directory: &Directory) -> Result<Option<Links>> {
    let public_url = serve.public_url.as_deref();
    let links = public_url.map(|public_url| Links::new(directory, public_url));
    links.transpose().context("--public-url")
}

/// Takes keys, sources and credentials that the command line changes beside the running server.
async fn keep_current(directory: Directory) {
    let mut looks = tokio::time::interval(LOOK);
    let mut complained = false;
    loop {
        looks.tick().await;
        let looking = directory.clone();
        let Ok(looked) = tokio::task::spawn_blocking(move || looking.reread()).await else {
            return;
        };
        match looked {
            Ok(changed) => {
                complained = false;
                if changed {
                    tracing::info!("the directory was changed and taken");
                }
            }
            Err(error) if !complained => {
                complained = true;
                tracing::warn!(%error, "the changed directory cannot be read; what is known stays");
            }
            Err(_) => {}
        }
    }
}

/// Forgets every hour what need not be kept (ids of inputs, activities of nobody).
async fn keep_swept(workspace: Workspace) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        let now = workspace.now();
        match workspace.read(move |store| store.sweep(now.millis())).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(workspace = workspace.name(), rows, "swept"),
            Err(error) => tracing::warn!(workspace = workspace.name(), %error, "not swept"),
        }
    }
}

/// Counts the members of segments and coverage every hour, so that both are known over time; once a day learns
/// how long tokens live.
async fn keep_counted(workspace: Workspace) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        if let Err(error) = workspace.count_segments().await {
            tracing::warn!(workspace = workspace.name(), %error, "members were not counted");
        }
        if let Err(error) = workspace.keep_coverage().await {
            tracing::warn!(workspace = workspace.name(), %error, "coverage was not kept");
        }
        if let Err(error) = workspace.keep_survival().await {
            tracing::warn!(workspace = workspace.name(), %error, "nothing was learned of tokens");
        }
    }
}

/// Looks at the delivery of journeys with experiments, holds those whose delivery is unhealthy and lets them go
/// on.
async fn keep_guarded(workspace: Workspace) {
    let every = std::time::Duration::from_millis(GUARD_EVERY_MS.unsigned_abs());
    let mut looks = tokio::time::interval(every);
    loop {
        looks.tick().await;
        match workspace.guard_experiments().await {
            Ok(guarded) => {
                for guarded in guarded {
                    let (experiment, step) = (guarded.experiment, guarded.step);
                    tracing::warn!(workspace = workspace.name(), experiment, ?step, "guardrail");
                }
            }
            Err(error) => {
                tracing::warn!(workspace = workspace.name(), %error, "delivery was not looked at");
            }
        }
    }
}

async fn listen_until_stopped(serve: &Serve, router: axum::Router) -> Result<()> {
    let mut doors = vec![Door::plain(serve.listen).await?];
    if let (Some(address), Some(certificates), Some(key)) =
        (serve.tls_listen, &serve.tls_cert, &serve.tls_key)
    {
        doors.push(Door::tls(address, certificates, key).await?);
    }
    // Scripts wait for these lines; with port 0 they tell which port it became.
    println!("landfall listens on http://{}", doors[0].address()?);
    if let Some(door) = doors.get(1) {
        println!("landfall listens on https://{}", door.address()?);
    }
    listen::serve(doors, router, stop_signal()?).await;
    tracing::info!("stopped");
    Ok(())
}

pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn open(
    serve: &Serve,
    folder: &DataFolder,
    record: &WorkspaceRecord,
    master: &MasterKey,
) -> Result<Opened> {
    let salt = salt(record);
    let store: Arc<dyn Store> = match &serve.database_url {
        None => {
            let options = landfall_store_sqlite::Options { salt };
            let path = folder.database(record);
            Arc::new(
                landfall_store_sqlite::SqliteStore::open(&path, options)
                    .with_context(|| format!("cannot open {}", path.display()))?,
            )
        }
        Some(url) => {
            let options = landfall_store_cluster::Options {
                salt,
                connections: CONNECTIONS,
            };
            let schema = landfall_store_cluster::SchemaName::new(&record.id)?;
            Arc::new(
                landfall_store_cluster::PostgresStore::open(url, &schema, options)
                    .context("cannot open the PostgreSQL store")?,
            )
        }
    };
    let options = Options {
        id: record.id.clone(),
        name: record.name.clone(),
        clock: Arc::new(WallClock),
        snapshot: Some(folder.snapshot(record)),
        salt: master.derive(&format!("deliveries:{}", record.id))?,
        fixed_share: None,
    };
    landfall_engine::open(store, options)
        .with_context(|| format!("cannot open workspace `{}`", record.name))
}

/// Sixteen bits that differ between workspaces: from the random part of the id, so that nothing else
/// needs to be remembered.
fn salt(record: &WorkspaceRecord) -> u16 {
    let hex = record
        .id
        .strip_prefix("ws_")
        .and_then(|id| id.get(..4))
        .unwrap_or("0");
    u16::from_str_radix(hex, 16).unwrap_or(0)
}

fn log_to_stderr(format: LogFormat) {
    use std::io::IsTerminal as _;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("LANDFALL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}
