//! Names with `*` for any text.

/// A name in which `*` stands for any text, also none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    text: String,
    wild: bool,
    /// Whether letters of either case are the same (ASCII).
    folded: bool,
}

impl Glob {
    /// A name that is compared letter by letter.
    pub(crate) fn exact_case(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            wild: text.contains('*'),
            folded: false,
        }
    }

    /// A name in which upper and lower case are the same.
    pub(crate) fn any_case(text: &str) -> Self {
        Self {
            folded: true,
            ..Self::exact_case(text)
        }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a `*` is in it.
    pub(crate) const fn is_wild(&self) -> bool {
        self.wild
    }

    /// Whether a text is meant. Takes time in proportion to the lengths' product at worst.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let same = |a: u8, b: u8| a == b || (self.folded && a.eq_ignore_ascii_case(&b));
        let (glob, text) = (self.text.as_bytes(), text.as_bytes());
        if !self.wild {
            return glob.len() == text.len() && glob.iter().zip(text).all(|(a, b)| same(*a, *b));
        }
        // Where to go on when the rest does not fit: the last star, one more byte of text under it.
        let mut retry: Option<(usize, usize)> = None;
        let (mut g, mut t) = (0, 0);
        while t < text.len() {
            if glob.get(g) == Some(&b'*') {
                retry = Some((g + 1, t));
                g += 1;
            } else if glob.get(g).is_some_and(|wanted| same(*wanted, text[t])) {
                (g, t) = (g + 1, t + 1);
            } else if let Some((after_star, taken)) = retry {
                retry = Some((after_star, taken + 1));
                (g, t) = (after_star, taken + 1);
            } else {
                return false;
            }
        }
        glob[g..].iter().all(|byte| *byte == b'*')
    }
}
