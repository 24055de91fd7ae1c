//! Forgetting what is no longer needed.

use landfall_domain::limits::ANONYMOUS_ATTACH_MS;
use landfall_domain::time::DAY_MS;

use crate::connection::Connection;
use crate::failure::Failure;

/// How long ids of inputs are remembered.
const SEEN_MS: i64 = 35 * DAY_MS;

/// Deletes old ids of inputs and old activities of nobody: these are kept as long as anonymous ones
/// may attach. Parked work goes when it is due. Ids whose commit did not say when it was begin to age at the first sweep after it.
pub(crate) fn sweep(connection: &mut Connection, now_ms: i64) -> Result<u64, Failure> {
    let seen = connection.execute(
        "DELETE FROM seen WHERE taken < $1",
        &[&now_ms.saturating_sub(SEEN_MS)],
    )?;
    connection.execute("UPDATE seen SET taken = $1 WHERE taken IS NULL", &[&now_ms])?;
    let of_nobody = connection.execute(
        "DELETE FROM activity WHERE person IS NULL AND received_at < $1",
        &[&now_ms.saturating_sub(ANONYMOUS_ATTACH_MS)],
    )?;
    let parked =
        connection.execute("DELETE FROM work WHERE state = 2 AND due <= $1", &[&now_ms])?;
    Ok(seen + of_nobody + parked)
}
