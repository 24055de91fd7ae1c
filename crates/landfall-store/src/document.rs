//! Small definitions and job records, kept as JSON text by kind and number.

use crate::error::StoreError;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// A segment's definition.
    Segment,
    /// An export: parameters, state, where the file is.
    Export,
    /// An import: file, progress, report.
    Import,
    /// A place that webhooks come from: name and sealed signing key.
    WebhookSource,
    /// The template of a transactional message.
    TransactionalMessage,
    /// A broadcast: its messages and its audience.
    Broadcast,
    /// One triggering of a broadcast: whom it goes to, and how far it is.
    Trigger,
    /// A place that we report to.
    ReportingWebhook,
    /// A report that its place did not take.
    DeadLetter,
    /// A text that templates share.
    Snippet,
    /// A journey: its newest definition, and whether it runs.
    Journey,
    /// A version of a journey, as runs keep to it.
    JourneyVersion,
    /// A condition of a journey's launch that somebody gave up on, with the reason.
    Waiver,
    /// What came of a run of a journey's test profiles.
    QaRecord,
    /// How far events about products were followed.
    ProductFollower,
    /// How many people were in a segment, hour by hour and day by day.
    SegmentCounts,
    /// The workspace's rules of sending: quiet hours, caps, topics. There is one or none.
    SendingRules,
    /// How far the people of a scheduled journey were given their turns.
    ScheduleCursor,
    /// Where a webhook starts a journey: the secret of its address, hashed.
    JourneyHook,
    /// What was ticked off of a journey's runbook.
    RunbookTicks,
    /// A view of a page that somebody kept: its name and the state of its address.
    SavedView,
    /// How far the monitor is, and what it remembers. There is one or none.
    Monitor,
    /// An incident: what was found, its timeline, its messages.
    Incident,
    /// A rule of somebody's own about when to be told.
    AlertRule,
    /// Where messages about incidents go. There is one or none.
    AlertChannels,
    /// How a test of a journey is judged and guarded, and when it was held.
    Experiment,
    /// Coverage day by day, and what weeks changed. There is one or none.
    CoverageHistory,
    /// What was learned of how long tokens live. There is one or none.
    TokenSurvival,
    /// What segments were taught of how long tokens live, from some moment on.
    TokenLesson,
    /// A repair of identities: what it moved, so that it can be undone.
    IdentityRepair,
    /// Where people stood in the waterfall of coverage when the week began, some 100,000 in each.
    CoveragePlaces,
}

impl DocumentKind {
    /// Stable name, as stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Export => "export",
            Self::Import => "import",
            Self::WebhookSource => "webhook_source",
            Self::TransactionalMessage => "transactional_message",
            Self::Broadcast => "broadcast",
            Self::Trigger => "trigger",
            Self::ReportingWebhook => "reporting_webhook",
            Self::DeadLetter => "dead_letter",
            Self::Snippet => "snippet",
            Self::Journey => "journey",
            Self::JourneyVersion => "journey_version",
            Self::Waiver => "waiver",
            Self::QaRecord => "qa_record",
            Self::ProductFollower => "product_follower",
            Self::SegmentCounts => "segment_counts",
            Self::SendingRules => "sending_rules",
            Self::ScheduleCursor => "schedule_cursor",
            Self::JourneyHook => "journey_hook",
            Self::RunbookTicks => "runbook_ticks",
            Self::SavedView => "saved_view",
            Self::Monitor => "monitor",
            Self::Incident => "incident",
            Self::AlertRule => "alert_rule",
            Self::AlertChannels => "alert_channels",
            Self::Experiment => "experiment",
            Self::CoverageHistory => "coverage_history",
            Self::TokenSurvival => "token_survival",
            Self::TokenLesson => "token_lesson",
            Self::IdentityRepair => "identity_repair",
            Self::CoveragePlaces => "coverage_places",
        }
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its number within its kind, from one.
    pub id: u32,
    /// Its JSON text.
    pub body: String,
}

/// Documents by kind. Few (thousands at most) and small: most a few kilobytes, a journey some hundred.
/// Not for events or people.
pub trait DocumentStore: Send + Sync {
    /// Stores a new document under the next number of its kind and returns the number. Numbers of
    /// deleted documents are not used again. Conformance: `documents`.
    fn insert_document(&self, kind: DocumentKind, body: &str) -> Result<u32, StoreError>;

    /// Replaces a document; `false` when there is none of that number.
    fn replace_document(&self, kind: DocumentKind, id: u32, body: &str)
    -> Result<bool, StoreError>;

    /// Deletes a document; `false` when there is none of that number.
    fn delete_document(&self, kind: DocumentKind, id: u32) -> Result<bool, StoreError>;

    /// One document.
    fn document(&self, kind: DocumentKind, id: u32) -> Result<Option<Document>, StoreError>;

    /// All documents of a kind, by number.
    fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>, StoreError>;
}
