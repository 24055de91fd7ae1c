//! Counts as a line of bars, and explanations as a tree.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::commands::ask::show;

/// Bars in a line at most: of more samples each bar shows the last of several.
const BARS_MAX: usize = 64;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Samples (`at_ms`, `members`) as bars between their least and their greatest, with what they mean;
/// `None`: there are none.
pub(super) fn line(samples: &Value) -> Option<String> {
    let samples = samples.as_array()?;
    let (first, last) = (samples.first()?, samples.last()?);
    let members = |sample: &Value| sample["members"].as_u64().unwrap_or(0);
    let together = samples.len().div_ceil(BARS_MAX);
    let shown = samples.rchunks(together).rev();
    let shown: Vec<u64> = shown.filter_map(|some| some.last().map(members)).collect();
    let (least, greatest) = (shown.iter().min()?, shown.iter().max()?);
    let span = (greatest - least).max(1);
    let bars = shown.iter().map(|count| {
        let height = (count - least).saturating_mul(7) / span;
        let height = usize::try_from(height).unwrap_or(7).min(7);
        BARS[height]
    });
    let bars: String = bars.collect();
    Some(format!(
        "{bars}  {} to {}, now {}; {} to {}",
        show::grouped(*least),
        show::grouped(*greatest),
        show::grouped(members(last)),
        show::time(&first["at_ms"]),
        show::time(&last["at_ms"]),
    ))
}

/// An explanation, a line for each check, parts further to the right than their whole.
pub(super) fn tree(explanation: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    // Checks that are still to be written, the next one last.
    let mut rest = vec![(0, explanation)];
    while let Some((depth, one)) = rest.pop() {
        let holds = if one["holds"] == true { "yes" } else { " no" };
        let indent = "  ".repeat(depth);
        let mut said = vec![format!("{holds}  {indent}{}", show::plain(&one["check"]))];
        said.extend(
            one.get("saw")
                .map(|saw| format!("saw {}", show::plain(saw))),
        );
        if one["changes_at"].is_i64() {
            said.push(format!("until {}", show::time(&one["changes_at"])));
        }
        lines.push(said.join("; "));
        let parts = one["parts"].as_array().into_iter().flatten().rev();
        rest.extend(parts.map(|part| (depth + 1, part)));
    }
    lines
}
