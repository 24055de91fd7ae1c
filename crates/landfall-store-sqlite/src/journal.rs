//! The journal: where a commit is on disk before it is acknowledged.
//!
//! A commit is one entry, appended and flushed (`fdatasync`). Two files take turns: while the rows
//! of one are being written to SQLite, commits go to the other; a file is begun anew when SQLite has
//! its rows durably. It is written over then, not emptied: a flush that leaves a file's size and
//! blocks alone costs half as much. At the start, entries that are newer than SQLite's epoch are
//! applied; what is left of earlier rounds is not newer, or not whole.
//!
//! An entry is `length u32, checksum u32, epoch u64, rows`; numbers are little-endian, the checksum
//! (CRC-32) covers epoch and rows. A torn entry at the end was never acknowledged and is dropped.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use landfall_store::StoreError;

/// Bytes before an entry's rows.
pub(crate) const HEADER: usize = 16;

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The epoch after it.
    pub(crate) epoch: u64,
    /// Its rows ([`crate::record::rows`]).
    pub(crate) rows: Vec<u8>,
}

/// Whether entries are on disk before they are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    Always,
    /// The system writes them when it likes: a crash of the process loses nothing, a power cut does.
    Never,
}

/// The two files.
pub(crate) struct Journal {
    files: [File; 2],
    flush: Flush,
    /// Which of the two takes entries.
    side: usize,
    /// Bytes of entries in the present file; `None` after a failure that leaves them unknown.
    length: Option<u64>,
}

impl Journal {
    /// Opens or makes the files beside the store, and reads what they hold, oldest first.
    pub(crate) fn open(store: &Path, flush: Flush) -> Result<(Self, Vec<Entry>), StoreError> {
        let files = [open(&path(store, 0))?, open(&path(store, 1))?];
        if let Some(folder) = store.parent().filter(|folder| folder.is_dir()) {
            // The names of the files must survive a power cut as well as what is in them.
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(StoreError::unavailable)?;
        }
        let mut entries = Vec::new();
        for mut file in &files {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)
                .map_err(StoreError::unavailable)?;
            entries.extend(parse(&bytes));
        }
        entries.sort_by_key(|entry| entry.epoch);
        let journal = Self {
            files,
            flush,
            side: 0,
            length: None,
        };
        Ok((journal, entries))
    }

    /// Empties both files: SQLite has everything.
    pub(crate) fn restart(&mut self) -> Result<(), StoreError> {
        self.length = None;
        for mut file in &self.files {
            file.set_len(0)
                .and_then(|()| file.seek(SeekFrom::Start(0)))
                .and_then(|_| file.sync_data())
                .map_err(StoreError::unavailable)?;
        }
        (self.side, self.length) = (0, Some(0));
        Ok(())
    }

    /// Appends an entry and waits until it is on disk. `entry` is room for a header ([`HEADER`]) and
    /// the rows.
    pub(crate) fn append(&mut self, epoch: u64, entry: &mut [u8]) -> Result<(), StoreError> {
        let Some(length) = self.length else {
            return Err(StoreError::Unavailable(
                "the journal could not be written before: restart the server".to_owned(),
            ));
        };
        frame(entry, epoch)?;
        let mut file = &self.files[self.side];
        let written = file.write_all(entry).and_then(|()| match self.flush {
            Flush::Always => file.sync_data(),
            Flush::Never => Ok(()),
        });
        if let Err(error) = written {
            // What is not acknowledged must not come back at the next start.
            let undone = file
                .set_len(length)
                .and_then(|()| file.seek(SeekFrom::Start(length)))
                .and_then(|_| file.sync_data());
            self.length = undone.is_ok().then_some(length);
            return Err(StoreError::unavailable(error));
        }
        self.length = Some(length + entry.len() as u64);
        Ok(())
    }

    /// Which of the two files takes entries.
    #[cfg(test)]
    pub(crate) const fn side(&self) -> usize {
        self.side
    }

    /// Goes on in the other file, from its beginning: SQLite has its rows.
    pub(crate) fn turn(&mut self) -> Result<(), StoreError> {
        let next = 1 - self.side;
        let mut file = &self.files[next];
        file.seek(SeekFrom::Start(0))
            .map_err(StoreError::unavailable)?;
        self.side = next;
        self.length = self.length.map(|_| 0);
        Ok(())
    }
}

/// Where the journal of a store lies.
pub(crate) fn path(store: &Path, side: usize) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(["-journal-a", "-journal-b"][side]);
    path.into()
}

fn open(path: &Path) -> Result<File, StoreError> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(StoreError::unavailable)
}

/// Fills the header in.
fn frame(entry: &mut [u8], epoch: u64) -> Result<(), StoreError> {
    let Some((header, rows)) = entry.split_first_chunk_mut::<HEADER>() else {
        return Err(StoreError::corrupt(
            "journal",
            epoch,
            "no room for a header",
        ));
    };
    let length = u32::try_from(rows.len())
        .map_err(|_| StoreError::Unavailable("a commit is larger than 4 GiB".to_owned()))?;
    header[..4].copy_from_slice(&length.to_le_bytes());
    header[4..8].copy_from_slice(&checksum(epoch, rows).to_le_bytes());
    header[8..].copy_from_slice(&epoch.to_le_bytes());
    Ok(())
}

fn checksum(epoch: u64, rows: &[u8]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&epoch.to_le_bytes());
    checksum.update(rows);
    checksum.finalize()
}

/// Entries up to the first that is not whole.
fn parse(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((entry, rest)) = one(bytes) {
        entries.push(entry);
        bytes = rest;
    }
    entries
}

fn one(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (expected, rest) = rest.split_first_chunk()?;
    let (epoch, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (rows, rest) = rest.split_at_checked(length)?;
    let epoch = u64::from_le_bytes(*epoch);
    if checksum(epoch, rows) != u32::from_le_bytes(*expected) {
        return None;
    }
    let rows = rows.to_vec();
    Some((Entry { epoch, rows }, rest))
}
