//! A private PostgreSQL for the tests: own data folder, own port, loopback only.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::run::{is_there, output, run};

/// A running server; stopped when dropped.
pub(crate) struct Postgres {
    programs: PathBuf,
    data: tempdir::Folder,
    port: u16,
}

impl Postgres {
    /// Starts a fresh server.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().context("PostgreSQL's programs are not installed")?;
        let data = tempdir::Folder::new("landfall-postgres")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if is_root() {
            run(Command::new("chown")
                .arg("-R")
                .arg("postgres")
                .arg(data.path()))?;
        }
        let server = Self {
            programs,
            data,
            port,
        };
        let cluster = server.cluster();
        output(
            server
                .program("initdb")
                .args([
                    "--auth=trust",
                    "--username=landfall",
                    "--encoding=UTF8",
                    "--no-sync",
                ])
                .args(["--locale=C", "-D"])
                .arg(&cluster),
        )?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{}' -c fsync=off \
             -c max_connections=200",
            server.data.path().display()
        );
        let log = server.data.path().join("log");
        // pg_ctl's server keeps the pipes of its parent open: its output goes to the log instead.
        run(server
            .program("pg_ctl")
            .args(["-w", "-D"])
            .arg(&cluster)
            .arg("-l")
            .arg(&log)
            .args(["-o", &options, "start"])
            .stdout(std::process::Stdio::null()))?;
        Ok(server)
    }

    /// How tests connect.
    pub(crate) fn connection(&self) -> String {
        format!(
            "host=127.0.0.1 port={} user=landfall dbname=postgres",
            self.port
        )
    }

    fn cluster(&self) -> PathBuf {
        self.data.path().join("cluster")
    }

    /// One of PostgreSQL's programs, as a user that it accepts: it refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.data.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let cluster = self.cluster();
        let stopped = self
            .program("pg_ctl")
            .args(["-m", "immediate", "-D"])
            .arg(cluster)
            .arg("stop")
            .output();
        if stopped.is_err() {
            eprintln!("the private PostgreSQL could not be stopped");
        }
    }
}

/// Where initdb and pg_ctl are: on the path, or where Debian keeps them, newest first.
pub(crate) fn programs() -> Option<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql");
    let mut versions: Vec<PathBuf> = std::fs::read_dir(debian)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().or_else(|| {
        let found = output(Command::new("pg_config").arg("--bindir")).ok()?;
        let folder = PathBuf::from(found.trim());
        folder.join("initdb").exists().then_some(folder)
    })
}

pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs PostgreSQL's server from Debian when it is missing.
pub(crate) fn install() -> Result<()> {
    if programs().is_some() {
        return Ok(());
    }
    if !is_root() || !is_there("apt-get", "--version") {
        bail!("PostgreSQL's server is missing: install it (Debian: apt-get install postgresql)");
    }
    println!("    PostgreSQL is missing; installing Debian's package");
    crate::tools::apt(&["postgresql"])
}

mod tempdir {
    //! A folder that goes when it is dropped.

    use std::path::{Path, PathBuf};

    pub(super) struct Folder(PathBuf);

    impl Folder {
        pub(super) fn new(name: &str) -> std::io::Result<Self> {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path)?;
            Ok(Self(path))
        }

        pub(super) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
