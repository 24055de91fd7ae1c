//! Paths into JSON: `a.b[0].c`, and `a[].c` for any element.

use serde_json::Value;

use crate::definition::Place;

/// Most steps of a path.
const STEPS_MAX: usize = 16;

/// A path, taken apart once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Each,
}

impl JsonPath {
    /// Reads a path.
    pub(crate) fn parse(place: &Place<'_>) -> Option<Self> {
        let text = place.text()?;
        match Self::of(text) {
            Some(path) => Some(path),
            None => place.refuse(
                format!("`{text}` is not a path"),
                "write it like `a.b`, `a[0].c`, or `a[].c` for any element",
            ),
        }
    }

    fn of(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (key, mut brackets) = part.split_at(part.find('[').unwrap_or(part.len()));
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            while !brackets.is_empty() {
                let (index, rest) = brackets.strip_prefix('[')?.split_once(']')?;
                steps.push(match index {
                    "" => Step::Each,
                    index => Step::Index(index.parse().ok()?),
                });
                brackets = rest;
            }
        }
        (steps.len() <= STEPS_MAX).then(|| Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The first key.
    pub(crate) fn root(&self) -> &str {
        match self.steps.first() {
            Some(Step::Key(key)) => key,
            _ => &self.text,
        }
    }

    /// Whether there is more than the first key.
    pub(crate) fn goes_deeper(&self) -> bool {
        self.steps.len() > 1
    }

    /// Shows every value at the path below `value`; nulls are not shown.
    pub(crate) fn each<'v>(&self, value: &'v Value, show: &mut dyn FnMut(&'v Value)) {
        walk(value, &self.steps, show);
    }

    /// Shows every value at the path when `root` is what stands under its first key.
    pub(crate) fn each_below_root<'v>(&self, root: &'v Value, show: &mut dyn FnMut(&'v Value)) {
        walk(root, &self.steps[1..], show);
    }
}

fn walk<'v>(value: &'v Value, steps: &[Step], show: &mut dyn FnMut(&'v Value)) {
    let Some((step, rest)) = steps.split_first() else {
        if !value.is_null() {
            show(value);
        }
        return;
    };
    match step {
        Step::Key(key) => {
            if let Some(below) = value.get(key.as_str()) {
                walk(below, rest, show);
            }
        }
        Step::Index(index) => {
            if let Some(item) = value.get(*index) {
                walk(item, rest, show);
            }
        }
        Step::Each => {
            for item in value.as_array().into_iter().flatten() {
                walk(item, rest, show);
            }
        }
    }
}
