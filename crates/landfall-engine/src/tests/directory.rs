//! Keys and sources: what lies on the disk, and what opens which workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use landfall_domain::time::ManualClock;

use super::shop::{NOW, Shop, seconds};
use crate::directory::{DirectoryError, DirectoryFile, KeyKind, WorkspaceRecord, source_context};
use crate::seal::{MASTER_KEY_BYTES, MasterKey, SealError, key_hash};
use crate::{Directory, Opened, Options};

const SIGNING_KEY: &str = "whsec_5e3c1f";

/// Two open workspaces and the file that knows them.
struct House {
    shops: [Shop; 2],
    opened: [Opened; 2],
    file: DirectoryFile,
}

impl House {
    fn new() -> Self {
        let shops = [Shop::new(), Shop::new()];
        let opened = [0, 1].map(|number| open(&shops[number], number));
        let file = DirectoryFile {
            workspaces: (0..2).map(record).collect(),
        };
        Self {
            shops,
            opened,
            file,
        }
    }

    fn path(&self) -> PathBuf {
        self.shops[0].folder.path().join("landfall.json")
    }

    fn directory(&self, file: DirectoryFile) -> Result<Directory, DirectoryError> {
        let open = self.opened.iter().map(|opened| opened.workspace.clone());
        Directory::new(self.path(), file, open.collect(), master(7))
    }

    fn stop(self) {
        for opened in self.opened {
            opened.stop();
        }
    }
}

fn open(shop: &Shop, number: usize) -> Opened {
    let options = Options {
        id: format!("ws_{number}"),
        name: format!("shop {number}"),
        clock: Arc::new(ManualClock::at(seconds(NOW))),
        snapshot: None,
        salt: [7; 16],
        fixed_share: None,
    };
    crate::open(Arc::clone(&shop.store), options)
        .unwrap()
        .filled()
}

fn record(number: usize) -> WorkspaceRecord {
    let mut record = WorkspaceRecord {
        id: format!("ws_{number}"),
        name: format!("shop {number}"),
        number: number as u32,
        created_ms: 0,
        keys: Vec::new(),
        sources: BTreeMap::new(),
        credentials: BTreeMap::new(),
    };
    let site = format!("site-{number}");
    record.add_key(
        KeyKind::Track,
        Some(&site),
        &format!("track-key-{number}"),
        0,
    );
    record.add_key(KeyKind::App, None, &format!("app-key-{number}"), 0);
    record.add_key(KeyKind::Write, None, &format!("write-key-{number}"), 0);
    record
}

fn master(byte: u8) -> MasterKey {
    MasterKey::new(&[byte; MASTER_KEY_BYTES]).unwrap()
}

/// Id of the workspace that a lookup leads to.
fn app(caller: Option<crate::directory::Caller>) -> Option<String> {
    id(caller.map(|caller| caller.workspace))
}

fn id(workspace: Option<crate::Workspace>) -> Option<String> {
    workspace.map(|workspace| workspace.id().to_owned())
}

#[test]
fn the_file_holds_no_key_and_no_secret() {
    let house = House::new();
    house.file.write(&house.path()).unwrap();
    let directory = house.directory(house.file.clone()).unwrap();
    directory
        .set_source(&house.opened[0].workspace, "shop", SIGNING_KEY)
        .unwrap();
    let text = std::fs::read_to_string(house.path()).unwrap();
    for secret in ["track-key-0", "app-key-1", "write-key-0", SIGNING_KEY] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains(&key_hash("app-key-0")), "{text}");
    let file = DirectoryFile::read(&house.path()).unwrap();
    let sealed = &file.workspace("shop 0").unwrap().sources["shop"];
    let context = source_context("shop");
    assert_eq!(master(7).open(&context, sealed).as_deref(), Ok(SIGNING_KEY));
    assert_eq!(master(8).open(&context, sealed), Err(SealError));
    assert_eq!(file.workspaces[0].keys[1].tail, "ey-0");
    assert_eq!(format!("{:?}", master(7)), "MasterKey(***)");
    house.stop();
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_only_and_leaves_nothing_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("landfall.json");
    DirectoryFile::default().write(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_key_opens_its_own_workspace_at_its_own_door() {
    let house = House::new();
    let directory = house.directory(house.file.clone()).unwrap();
    for number in 0..2 {
        let ours = Some(format!("ws_{number}"));
        let (site, track) = (format!("site-{number}"), format!("track-key-{number}"));
        assert_eq!(id(directory.track(&site, &track)), ours);
        assert_eq!(app(directory.app(&format!("app-key-{number}"))), ours);
        assert_eq!(id(directory.write(&format!("write-key-{number}"))), ours);
    }
    assert_eq!(
        id(directory.track("site-1", "track-key-0")),
        None,
        "another's site"
    );
    assert_eq!(id(directory.track("", "track-key-0")), None);
    assert_eq!(
        id(directory.track("site-0", "app-key-0")),
        None,
        "another door's key"
    );
    for wrong in [
        "",
        "write-key-0",
        "track-key-0",
        "app-key-2",
        "app-key-0 ",
        &key_hash("app-key-0"),
    ] {
        assert_eq!(app(directory.app(wrong)), None, "{wrong}");
    }
    assert_eq!(id(directory.write("app-key-0")), None);
    house.stop();
}

/// Operators choose keys, too: the same one at two sites opens each with its own site id.
#[test]
fn one_track_key_of_two_sites_opens_each() {
    let mut house = House::new();
    for (number, record) in house.file.workspaces.iter_mut().enumerate() {
        record.add_key(KeyKind::Track, Some(&format!("site-{number}")), "shared", 0);
    }
    let directory = house.directory(house.file.clone()).unwrap();
    assert_eq!(
        id(directory.track("site-0", "shared")).as_deref(),
        Some("ws_0")
    );
    assert_eq!(
        id(directory.track("site-1", "shared")).as_deref(),
        Some("ws_1")
    );
    assert_eq!(id(directory.track("site-2", "shared")), None);
    house.stop();
}

#[test]
fn a_revoked_key_is_refused_and_the_others_go_on() {
    let mut house = House::new();
    let revoked = house.file.workspace_mut("shop 0").unwrap();
    revoked.keys.retain(|key| key.kind != KeyKind::App);
    let number = revoked.add_key(KeyKind::App, None, "app-key-new", 0);
    assert_eq!(number, 4, "numbers of keys in use stay");
    house.file.write(&house.path()).unwrap();
    let file = DirectoryFile::read(&house.path()).unwrap();
    assert_eq!(file, house.file);
    let directory = house.directory(file).unwrap();
    assert_eq!(app(directory.app("app-key-0")), None);
    assert_eq!(app(directory.app("app-key-new")).as_deref(), Some("ws_0"));
    assert_eq!(id(directory.write("write-key-0")).as_deref(), Some("ws_0"));
    house.stop();
}

/// `landfall keys revoke` beside a running server: a change by the server does not undo it.
#[test]
fn what_was_revoked_beside_the_server_stays_revoked() {
    let house = House::new();
    house.file.write(&house.path()).unwrap();
    let directory = house.directory(house.file.clone()).unwrap();
    let mut file = DirectoryFile::read(&house.path()).unwrap();
    file.workspace_mut("shop 0").unwrap().keys.clear();
    file.workspaces.insert(
        0,
        WorkspaceRecord {
            id: "ws_new".to_owned(),
            ..record(2)
        },
    );
    file.write(&house.path()).unwrap();
    directory
        .set_source(&house.opened[1].workspace, "shop", SIGNING_KEY)
        .unwrap();
    let file = DirectoryFile::read(&house.path()).unwrap();
    assert_eq!(file.workspace("shop 0").unwrap().keys, []);
    assert!(file.workspace("shop 2").is_some());
    assert_eq!(app(directory.app("app-key-0")), None);
    assert_eq!(app(directory.app("app-key-1")).as_deref(), Some("ws_1"));
    assert_eq!(app(directory.app("app-key-2")), None, "not open");
    assert_eq!(directory.source("shop").unwrap().workspace.id(), "ws_1");
    house.stop();
}

/// The command line changes the file beside a running server.
#[test]
fn what_was_changed_beside_the_server_is_taken_when_it_looks() {
    let house = House::new();
    house.file.write(&house.path()).unwrap();
    let directory = house.directory(house.file.clone()).unwrap();
    assert!(!directory.reread().unwrap(), "nothing changed");
    let mut file = house.file.clone();
    file.workspace_mut("shop 0").unwrap().keys.clear();
    let other = file.workspace_mut("shop 1").unwrap();
    other.add_key(KeyKind::App, None, "app-key-new", 0);
    let sealed = master(7).seal(&source_context("late"), SIGNING_KEY);
    other.sources.insert("late".to_owned(), sealed.unwrap());
    file.write(&house.path()).unwrap();
    assert!(directory.reread().unwrap());
    assert_eq!(app(directory.app("app-key-0")), None);
    assert_eq!(app(directory.app("app-key-new")).as_deref(), Some("ws_1"));
    assert_eq!(directory.source("late").unwrap().signing_key, SIGNING_KEY);
    assert!(!directory.reread().unwrap());

    std::fs::write(house.path(), "{").unwrap();
    assert!(directory.reread().is_err());
    let kept = app(directory.app("app-key-new"));
    assert_eq!(kept.as_deref(), Some("ws_1"), "what was known stays");
    house.stop();
}

#[test]
fn a_source_belongs_to_one_workspace_and_survives_a_restart() {
    let house = House::new();
    let directory = house.directory(house.file.clone()).unwrap();
    let [first, second] = [0, 1].map(|number| house.opened[number].workspace.clone());
    directory.set_source(&first, "shop", "old").unwrap();
    directory.set_source(&first, "shop", SIGNING_KEY).unwrap();
    let taken = directory.set_source(&second, "shop", "mine").unwrap_err();
    assert_eq!(
        taken.to_string(),
        "`shop` exists already: choose another name"
    );
    directory.set_source(&second, "other", "mine").unwrap();
    assert!(directory.source("nobody").is_none());
    let again = house
        .directory(DirectoryFile::read(&house.path()).unwrap())
        .unwrap();
    for directory in [&directory, &again] {
        let source = directory.source("shop").unwrap();
        assert_eq!(
            (source.workspace.id(), source.signing_key.as_str()),
            ("ws_0", SIGNING_KEY)
        );
        let source = directory.source("other").unwrap();
        assert_eq!(
            (source.workspace.id(), source.signing_key.as_str()),
            ("ws_1", "mine")
        );
    }
    house.stop();
}

#[test]
fn sources_that_are_set_at_the_same_time_all_stay() {
    let house = House::new();
    let directory = house.directory(house.file.clone()).unwrap();
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let (directory, workspace) = (
                directory.clone(),
                house.opened[number % 2].workspace.clone(),
            );
            std::thread::spawn(move || {
                for round in 0..5 {
                    let name = format!("source-{number}-{round}");
                    directory
                        .set_source(&workspace, &name, SIGNING_KEY)
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let file = DirectoryFile::read(&house.path()).unwrap();
    let stored = file.workspaces.iter().map(|record| record.sources.len());
    assert_eq!(stored.sum::<usize>(), 40);
    for (number, round) in (0..8).flat_map(|number| (0..5).map(move |round| (number, round))) {
        assert!(
            directory
                .source(&format!("source-{number}-{round}"))
                .is_some()
        );
    }
    house.stop();
}

#[test]
fn a_source_that_cannot_be_stored_is_not_there() {
    let house = House::new();
    let missing = house.path().join("no/such/folder/landfall.json");
    let open = vec![house.opened[0].workspace.clone()];
    let directory = Directory::new(missing, house.file.clone(), open, master(7)).unwrap();
    let failed = directory.set_source(&house.opened[0].workspace, "shop", SIGNING_KEY);
    assert!(
        matches!(failed, Err(DirectoryError::File { .. })),
        "{failed:?}"
    );
    assert!(directory.source("shop").is_none());
    let stranger = directory.set_source(&house.opened[1].workspace, "shop", SIGNING_KEY);
    assert!(stranger.is_err());
    house.stop();
}

#[test]
fn another_master_key_opens_no_source_and_says_so() {
    let house = House::new();
    let directory = house.directory(house.file.clone()).unwrap();
    directory
        .set_source(&house.opened[0].workspace, "shop", SIGNING_KEY)
        .unwrap();
    let file = DirectoryFile::read(&house.path()).unwrap();
    let open = vec![house.opened[0].workspace.clone()];
    let failed = Directory::new(house.path(), file, open, master(8));
    let said = failed.err().unwrap().to_string();
    assert!(said.contains("the master key does not fit"), "{said}");
    house.stop();
}

#[test]
fn a_damaged_file_is_named_with_the_place_of_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("landfall.json");
    assert_eq!(
        DirectoryFile::read(&path).unwrap(),
        DirectoryFile::default()
    );
    let file = DirectoryFile {
        workspaces: vec![record(0)],
    };
    file.write(&path).unwrap();
    assert_eq!(DirectoryFile::read(&path).unwrap(), file);
    let whole = std::fs::read(&path).unwrap();
    let wrong = [&b""[..], b"{\"workspaces\": 7}", &whole[..whole.len() - 20]];
    for text in wrong {
        std::fs::write(&path, text).unwrap();
        let said = DirectoryFile::read(&path).unwrap_err().to_string();
        assert!(said.contains("landfall.json is damaged"), "{said}");
        assert!(said.contains("line") && said.contains("column"), "{said}");
    }
    let said = DirectoryFile::read(folder.path()).unwrap_err();
    assert!(matches!(said, DirectoryError::File { .. }), "{said}");
}

#[test]
fn a_file_in_the_present_folder_can_be_written() {
    // Where tests run is the crate's folder; a name without a folder must do.
    let name = format!("directory-test-{}.json", std::process::id());
    let path = Path::new(&name);
    let written = DirectoryFile::default().write(path);
    let removed = std::fs::remove_file(path);
    assert!(
        written.is_ok() && removed.is_ok(),
        "{written:?} {removed:?}"
    );
}

/// The command line and the server write at the same time.
#[test]
fn writers_at_the_same_time_do_not_undo_each_other() {
    const EACH: usize = 25;
    let house = House::new();
    house.file.write(&house.path()).unwrap();
    let directory = house.directory(house.file.clone()).unwrap();
    let workspace = &house.opened[0].workspace;
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let path = house.path();
            scope.spawn(move || {
                for number in 0..EACH {
                    let mut file = DirectoryFile::hold(&path).unwrap();
                    let key = format!("app-{writer}-{number}");
                    let shop = file.workspace_mut("shop 1").unwrap();
                    shop.add_key(KeyKind::App, None, &key, 0);
                    file.write().unwrap();
                }
            });
        }
        for number in 0..EACH {
            let name = format!("source-{number}");
            directory.set_source(workspace, &name, SIGNING_KEY).unwrap();
        }
    });
    let file = DirectoryFile::read(&house.path()).unwrap();
    let own = record(1).keys.len();
    assert_eq!(file.workspace("shop 1").unwrap().keys.len(), own + 3 * EACH);
    assert_eq!(file.workspace("shop 0").unwrap().sources.len(), EACH);
    directory.reread().unwrap();
    assert_eq!(app(directory.app("app-2-24")).as_deref(), Some("ws_1"));
    house.stop();
}
