//! The board: a columnar, in-memory read model of deliveries, one row for each target.
//!
//! Every chart, rate, search and alert is a scan over it. There are no sums kept on the side that
//! could disagree with the rows. [`RowUpdate`]s go in through [`Board::apply`]; a [`Query`] comes
//! back as a [`Table`] from [`Board::query`], and [`Board::search`] lists deliveries.
//! [`SharedBoard`] lets queries and updates go on at the same time.
//!
//! Filters and groups are decided on three dictionaries (messages, sets of device facts, fates)
//! before the scan, so that the scan itself only adds numbers from lookup tables.

mod alike;
mod board;
mod catalogue;
mod column;
mod delays;
mod dictionary;
mod index;
mod plan;
mod query;
mod row;
mod scan;
mod search;
mod segment;
mod shared;
mod snapshot;
#[cfg(test)]
mod tests;

pub use alike::{Alike, Earned};
pub use board::Board;
pub use catalogue::MessageInfo;
pub use query::{
    Basis, Bucket, Cell, Condition, CountBy, Dimension, Filter, Group, Measure, Position, Query,
    QueryError, Search, Table, TimeRange, Value,
};
pub use row::{Currency, DeviceDims, FateCodes, Revenue, RowUpdate, TokenAge};
pub use shared::SharedBoard;
pub use snapshot::SnapshotError;
