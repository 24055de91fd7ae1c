//! Numbers to bytes and back.

use crate::column::{Column, Ints};
use crate::snapshot::SnapshotError;

/// Sums bytes up so that any changed bit shows, in four lanes that need not wait for each other.
/// Not against malice: who can write the file can write the checksum.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let mut lanes = [1, 2, 3, 4];
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut add = |block: &[u8; 32]| {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mix(*lane, u64::from_le_bytes(*word));
        }
    };
    blocks.iter().for_each(&mut add);
    let mut last = [0; 32];
    last[..rest.len()].copy_from_slice(rest);
    add(&last);
    lanes.into_iter().fold(bytes.len() as u64, mix)
}

/// A block being written.
#[derive(Default)]
pub(crate) struct Output(Vec<u8>);

impl Output {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(crate) fn u16(&mut self, number: u16) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, number: i64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.u8s(text.as_bytes());
    }

    pub(crate) fn u8s(&mut self, numbers: &[u8]) {
        self.u64(numbers.len() as u64);
        self.0.extend(numbers);
    }

    pub(crate) fn u16s(&mut self, numbers: &[u16]) {
        self.u64(numbers.len() as u64);
        self.0
            .extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub(crate) fn u32s(&mut self, numbers: &[u32]) {
        self.u64(numbers.len() as u64);
        self.0
            .extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub(crate) fn i64s(&mut self, numbers: &[i64]) {
        self.u64(numbers.len() as u64);
        self.0
            .extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub(crate) fn column(&mut self, column: &Column) {
        self.u32(column.base);
        match &column.ints {
            Ints::U8(ints) => {
                self.u8(1);
                self.u8s(ints);
            }
            Ints::U16(ints) => {
                self.u8(2);
                self.u16s(ints);
            }
            Ints::U32(ints) => {
                self.u8(4);
                self.u32s(ints);
            }
        }
    }
}

/// A block being read. Every step fails where the block says something impossible.
pub(crate) struct Input<'block>(&'block [u8]);

impl<'block> Input<'block> {
    pub(crate) const fn new(block: &'block [u8]) -> Self {
        Self(block)
    }

    fn take(&mut self, len: usize) -> Result<&'block [u8], SnapshotError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(SnapshotError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], SnapshotError> {
        let taken = self.take(LEN)?;
        taken.try_into().map_err(|_| SnapshotError::Damaged)
    }

    /// Nothing may be left.
    pub(crate) const fn end(&self) -> Result<(), SnapshotError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(SnapshotError::Damaged),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, SnapshotError> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, SnapshotError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, SnapshotError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, SnapshotError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, SnapshotError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub(crate) fn len(&mut self) -> Result<usize, SnapshotError> {
        usize::try_from(self.u64()?).map_err(|_| SnapshotError::Damaged)
    }

    pub(crate) fn text(&mut self) -> Result<&'block str, SnapshotError> {
        let len = self.len()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| SnapshotError::Damaged)
    }

    fn numbers<const WIDTH: usize, Number>(
        &mut self,
        read: fn([u8; WIDTH]) -> Number,
    ) -> Result<Vec<Number>, SnapshotError> {
        let len = self
            .len()?
            .checked_mul(WIDTH)
            .ok_or(SnapshotError::Damaged)?;
        let (numbers, _) = self.take(len)?.as_chunks::<WIDTH>();
        Ok(numbers.iter().map(|number| read(*number)).collect())
    }

    pub(crate) fn u8s(&mut self) -> Result<Vec<u8>, SnapshotError> {
        let len = self.len()?;
        Ok(self.take(len)?.to_vec())
    }

    pub(crate) fn u16s(&mut self) -> Result<Vec<u16>, SnapshotError> {
        self.numbers(u16::from_le_bytes)
    }

    pub(crate) fn u32s(&mut self) -> Result<Vec<u32>, SnapshotError> {
        self.numbers(u32::from_le_bytes)
    }

    pub(crate) fn i64s(&mut self) -> Result<Vec<i64>, SnapshotError> {
        self.numbers(i64::from_le_bytes)
    }

    pub(crate) fn column(&mut self) -> Result<Column, SnapshotError> {
        let base = self.u32()?;
        let ints = match self.u8()? {
            1 => Ints::U8(self.u8s()?),
            2 => Ints::U16(self.u16s()?),
            4 => Ints::U32(self.u32s()?),
            _ => return Err(SnapshotError::Damaged),
        };
        Ok(Column { base, ints })
    }
}
