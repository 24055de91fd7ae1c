//! Dictionaries in a snapshot.

use std::sync::Arc;

use crate::board::Board;
use crate::dictionary::{Fate, PackedDims};
use crate::row::{Currency, FateCodes};
use crate::snapshot::SnapshotError;
use crate::snapshot::bytes::{Input, Output};

impl Board {
    pub(super) fn put_dictionaries(&self, output: &mut Output) {
        output.u64(self.dims.texts.all().len() as u64);
        for text in self.dims.texts.all() {
            output.text(text);
        }
        output.u64(self.dims.entries().len() as u64);
        for dims in self.dims.entries() {
            let small = [
                dims.platform,
                dims.provider,
                dims.token_age,
                dims.permission,
                dims.receipt_capable,
            ];
            small.into_iter().for_each(|number| output.u8(number));
            let texts = [
                dims.app,
                dims.app_version,
                dims.os_version,
                dims.sdk_version,
                dims.device_model,
            ];
            texts.into_iter().for_each(|number| output.u32(number));
        }
        let fates = &self.fates.entries()[1..];
        output.u64(fates.len() as u64);
        for fate in fates {
            output.u32(fate.marks);
            output.u8(fate.codes.target_outcome);
            output.u16(fate.codes.target_reason);
            output.u8(fate.codes.status);
            output.u8(fate.codes.outcome);
            output.u16(fate.codes.reason);
            output.u8(fate.codes.flags);
        }
        output.u64(self.currencies.0.len() as u64);
        for currency in &self.currencies.0 {
            currency.0.into_iter().for_each(|letter| output.u8(letter));
        }
    }

    pub(super) fn take_dictionaries(&mut self, input: &mut Input<'_>) -> Result<(), SnapshotError> {
        let dims = Arc::make_mut(&mut self.dims);
        for _ in 0..input.len()? {
            let text: Arc<str> = input.text()?.into();
            dims.texts.intern(Some(&text));
        }
        for number in 0..input.len()? {
            let packed = take_dims(input)?;
            if dims.intern_packed(packed) as usize != number {
                return Err(SnapshotError::Damaged);
            }
        }
        let fates = Arc::make_mut(&mut self.fates);
        for number in 0..input.len()? {
            let fate = take_fate(input)?;
            if fates.intern(fate) as usize != number + 1 {
                return Err(SnapshotError::Damaged);
            }
        }
        let currencies = Arc::make_mut(&mut self.currencies);
        for _ in 0..input.len()? {
            currencies.intern(Currency([input.u8()?, input.u8()?, input.u8()?]));
        }
        Ok(())
    }
}

fn take_dims(input: &mut Input<'_>) -> Result<PackedDims, SnapshotError> {
    Ok(PackedDims {
        platform: input.u8()?,
        provider: input.u8()?,
        token_age: input.u8()?,
        permission: input.u8()?,
        receipt_capable: input.u8()?,
        app: input.u32()?,
        app_version: input.u32()?,
        os_version: input.u32()?,
        sdk_version: input.u32()?,
        device_model: input.u32()?,
    })
}

fn take_fate(input: &mut Input<'_>) -> Result<Fate, SnapshotError> {
    Ok(Fate {
        marks: input.u32()?,
        codes: FateCodes {
            target_outcome: input.u8()?,
            target_reason: input.u16()?,
            status: input.u8()?,
            outcome: input.u8()?,
            reason: input.u16()?,
            flags: input.u8()?,
        },
    })
}
