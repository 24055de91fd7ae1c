//! Snapshots: the board's columns as they are, in one file. A cache: when it is missing, damaged
//! or of another version, the board is rebuilt from the store.
//!
//! A file is a mark, a version, and blocks; a block is its length, its checksum, its bytes. The
//! first block holds the watermark and the dictionaries, each further one a segment. All numbers
//! are little-endian. The index is not kept: it follows from the segments.

mod bytes;
mod dictionaries;
mod segments;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::board::Board;
use crate::snapshot::bytes::{Input, Output, checksum};

/// First bytes of every snapshot.
const MAGIC: [u8; 8] = *b"landfall";
/// Version of the format. A change of what rows mean is a change of format, too.
const VERSION: u32 = 1;
/// Longest believable block: a full segment stays far below.
const MAX_BLOCK: u64 = 1 << 32;

/// Why there is no board from a snapshot, or no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read or written.
    #[error("the snapshot cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The file is not what was written.
    #[error("the snapshot is damaged: delete it, the board is rebuilt from the store")]
    Damaged,
    /// The file comes from another version of the program.
    #[error("the snapshot has format {0}, this program reads {VERSION}: delete it")]
    Version(u32),
}

impl Board {
    /// Writes the board to `path` by way of a temporary file beside it, so that there is always
    /// either the old snapshot or the new one. `watermark` says up to where the store's changes
    /// are in it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path, watermark: u64) -> Result<(), SnapshotError> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let file = File::create(&temporary)?;
        let mut writer = BufWriter::with_capacity(1 << 20, file);
        writer.write_all(&MAGIC)?;
        writer.write_all(&VERSION.to_le_bytes())?;
        let mut output = Output::default();
        output.u64(watermark);
        output.u64(self.segment_rows as u64);
        output.u64(self.segments.len() as u64);
        self.put_dictionaries(&mut output);
        write_block(&mut writer, &mut output)?;
        for segment in &self.segments {
            segment.put(&mut output);
            write_block(&mut writer, &mut output)?;
        }
        let file = writer
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Reads a board and its watermark.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged or of another version. The answer to each is a
    /// rebuild from the store.
    pub fn load(path: &Path) -> Result<(Self, u64), SnapshotError> {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut start = [0; 12];
        read_exact(&mut reader, &mut start)?;
        let (magic, version) = start.split_at(MAGIC.len());
        let version = u32::from_le_bytes(version.try_into().map_err(|_| SnapshotError::Damaged)?);
        if magic != MAGIC {
            return Err(SnapshotError::Damaged);
        }
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let mut block = Vec::new();
        read_block(&mut reader, &mut block)?;
        let mut input = Input::new(&block);
        let watermark = input.u64()?;
        let mut board = Self::with_segment_rows(input.len()?);
        let segments = input.len()?;
        board.take_dictionaries(&mut input)?;
        input.end()?;
        for _ in 0..segments {
            read_block(&mut reader, &mut block)?;
            let mut input = Input::new(&block);
            let segment = board.take_segment(&mut input)?;
            input.end()?;
            board.segments.push(Arc::new(segment));
        }
        if reader.read(&mut [0])? > 0 {
            return Err(SnapshotError::Damaged);
        }
        board.index_all();
        Ok((board, watermark))
    }
}

fn write_block(writer: &mut impl Write, output: &mut Output) -> Result<(), SnapshotError> {
    let block = output.bytes();
    writer.write_all(&(block.len() as u64).to_le_bytes())?;
    writer.write_all(&checksum(block).to_le_bytes())?;
    writer.write_all(block)?;
    output.clear();
    Ok(())
}

fn read_block(reader: &mut impl Read, block: &mut Vec<u8>) -> Result<(), SnapshotError> {
    let mut head = [0; 16];
    read_exact(reader, &mut head)?;
    let mut input = Input::new(&head);
    let (len, sum) = (input.u64()?, input.u64()?);
    if len > MAX_BLOCK {
        return Err(SnapshotError::Damaged);
    }
    block.clear();
    // Taking what is there, instead of making room first, keeps a wrong length harmless.
    let read = reader.take(len).read_to_end(block)?;
    if read as u64 != len || checksum(block) != sum {
        return Err(SnapshotError::Damaged);
    }
    Ok(())
}

/// A file that ends early is damaged; anything else that goes wrong is the machine's.
fn read_exact(reader: &mut impl Read, into: &mut [u8]) -> Result<(), SnapshotError> {
    reader.read_exact(into).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => SnapshotError::Damaged,
        _ => SnapshotError::Io(error),
    })
}
