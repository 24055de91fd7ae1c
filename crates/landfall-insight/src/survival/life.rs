//! What a token showed in its life, and the silences between.

use std::sync::Arc;

/// One sign of life of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign {
    /// When, in days since a moment that all lives share.
    pub at: f64,
    /// Whether it is a receipt of a message; otherwise the app was opened or registered the token.
    pub receipt: bool,
    /// The app version that it told; `None`: it told none.
    pub app_version: Option<Arc<str>>,
}

/// How the observation of a token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its provider said that it is no longer registered.
    Rejected,
    /// It is still there, or left for another reason (logout, another owner).
    Unseen,
}

/// The life of a token with one owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// A number of the token: what is known of one token is never taken for two opinions.
    pub token: u32,
    /// Its platform.
    pub platform: Arc<str>,
    /// Signs of life in order of time.
    pub signs: Vec<Sign>,
    /// When the observation ended.
    pub until: f64,
    /// How it ended.
    pub end: End,
}

/// What tokens are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The platform.
    pub platform: Arc<str>,
    /// Whether it has ever reported a receipt: its silence means more than that of a token that never does.
    pub reports: bool,
    /// The app version told last.
    pub app_version: Option<Arc<str>>,
}

/// How a silence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a sign of life.
    Returned,
    /// With the provider's word that nobody is there.
    Rejected,
    /// Not yet.
    Unseen,
}

/// The time between a sign of life and whatever came next.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// Which token.
    pub token: u32,
    /// What kind of token it was when the silence began.
    pub kind: Kind,
    /// When it began.
    pub from: f64,
    /// How long it was, in days.
    pub days: f64,
    /// How it ended.
    pub ending: Ending,
}

impl Life {
    /// The silences of the token as they were known at a moment.
    pub fn silences(&self, as_of: f64) -> Vec<Silence> {
        let mut kind = Kind {
            platform: Arc::clone(&self.platform),
            reports: false,
            app_version: None,
        };
        let mut silences = Vec::with_capacity(self.signs.len());
        let known = self.signs.iter().take_while(|sign| sign.at <= as_of);
        let mut known = known.peekable();
        while let Some(sign) = known.next() {
            kind.reports |= sign.receipt;
            if sign.app_version.is_some() {
                kind.app_version.clone_from(&sign.app_version);
            }
            let (to, ending) = match known.peek() {
                Some(next) => (next.at, Ending::Returned),
                None if self.until > as_of => (as_of, Ending::Unseen),
                None if self.end == End::Rejected => (self.until, Ending::Rejected),
                None => (self.until, Ending::Unseen),
            };
            silences.push(Silence {
                token: self.token,
                kind: kind.clone(),
                from: sign.at,
                days: (to - sign.at).max(0.0),
                ending,
            });
        }
        silences
    }

    /// The silence that goes on at a moment; `None`: the token is not observed then.
    pub fn silent_at(&self, as_of: f64) -> Option<Silence> {
        if self.until < as_of {
            return None;
        }
        self.silences(as_of).pop()
    }
}
