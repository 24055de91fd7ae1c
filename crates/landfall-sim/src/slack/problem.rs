//! The words with which Slack refuses a message (providers.md 7).

use ::http::Response;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::http::Canned;

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The body is not JSON of a message.
    InvalidPayload,
    /// There is nothing to show.
    NoText,
    /// More than 100 attachments.
    TooManyAttachments,
    /// A block is malformed or over a limit.
    InvalidBlocks,
    /// All blocks together are too long.
    MsgBlocksTooLong,
    /// The user that the webhook posts to is gone.
    UserNotFound,
    /// The channel that the webhook posts to is gone.
    ChannelNotFound,
    /// The channel is archived.
    ChannelIsArchived,
    /// An administrator forbids it.
    ActionProhibited,
    /// Not everybody may post to the general channel.
    PostingToGeneralChannelDenied,
    /// The workspace is disabled.
    TeamDisabled,
    /// There is no such workspace.
    NoTeam,
    /// The webhook was removed, or never existed.
    NoService,
    /// The path names no webhook.
    NoServiceId,
    /// The webhook is disabled.
    NoActiveHooks,
    /// The secret of the URL is wrong.
    InvalidToken,
    /// Something failed in Slack.
    RollupError,
}

impl Problem {
    /// All problems.
    pub const ALL: [Self; 17] = [
        Self::InvalidPayload,
        Self::NoText,
        Self::TooManyAttachments,
        Self::InvalidBlocks,
        Self::MsgBlocksTooLong,
        Self::UserNotFound,
        Self::ChannelNotFound,
        Self::ChannelIsArchived,
        Self::ActionProhibited,
        Self::PostingToGeneralChannelDenied,
        Self::TeamDisabled,
        Self::NoTeam,
        Self::NoService,
        Self::NoServiceId,
        Self::NoActiveHooks,
        Self::InvalidToken,
        Self::RollupError,
    ];

    /// The word, which is the whole body of the answer.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidPayload => "invalid_payload",
            Self::NoText => "no_text",
            Self::TooManyAttachments => "too_many_attachments",
            Self::InvalidBlocks => "invalid_blocks",
            Self::MsgBlocksTooLong => "msg_blocks_too_long",
            Self::UserNotFound => "user_not_found",
            Self::ChannelNotFound => "channel_not_found",
            Self::ChannelIsArchived => "channel_is_archived",
            Self::ActionProhibited => "action_prohibited",
            Self::PostingToGeneralChannelDenied => "posting_to_general_channel_denied",
            Self::TeamDisabled => "team_disabled",
            Self::NoTeam => "no_team",
            Self::NoService => "no_service",
            Self::NoServiceId => "no_service_id",
            Self::NoActiveHooks => "no_active_hooks",
            Self::InvalidToken => "invalid_token",
            Self::RollupError => "rollup_error",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidPayload
            | Self::NoText
            | Self::TooManyAttachments
            | Self::InvalidBlocks
            | Self::MsgBlocksTooLong => 400,
            Self::ActionProhibited
            | Self::PostingToGeneralChannelDenied
            | Self::TeamDisabled
            | Self::NoTeam
            | Self::InvalidToken => 403,
            Self::UserNotFound
            | Self::ChannelNotFound
            | Self::NoService
            | Self::NoServiceId
            | Self::NoActiveHooks => 404,
            Self::ChannelIsArchived => 410,
            Self::RollupError => 500,
        }
    }

    pub(super) fn answer(self) -> Response<Bytes> {
        Canned::text(self.status(), self.word()).into()
    }
}
