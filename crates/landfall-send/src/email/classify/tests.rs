use landfall_domain::reason::{Class, Retry, TokenAction};

use super::*;

/// The rows of providers.md 6.1: stage, reply with its words, class, whether the address stays, whether
/// it is tried again.
type Row = (Stage, u16, &'static str, Class, TokenAction, Retry);

const ROWS: &[Row] = &[
    // 421 at any stage.
    (
        Stage::Connect,
        421,
        "4.3.2 shutting down",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    (
        Stage::Rcpt,
        421,
        "4.7.0 try again later",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    (
        Stage::Message,
        421,
        "",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    // Temporary: greylisting, mailbox full, system, too many recipients.
    (
        Stage::Rcpt,
        450,
        "4.7.1 greylisted",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    (
        Stage::Rcpt,
        452,
        "4.2.2 mailbox full",
        Class::MailboxFull,
        TokenAction::Keep,
        Retry::Later,
    ),
    (
        Stage::Message,
        451,
        "4.3.0 local error",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    (
        Stage::Rcpt,
        452,
        "4.5.3 too many recipients",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    (
        Stage::Rcpt,
        450,
        "mailbox busy",
        Class::ProviderOutage,
        TokenAction::Keep,
        Retry::Backoff,
    ),
    // Credentials.
    (
        Stage::Auth,
        454,
        "4.7.0 temporary failure",
        Class::Credentials,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Mail,
        530,
        "5.7.0 authentication required",
        Class::Credentials,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Auth,
        534,
        "5.7.9 mechanism too weak",
        Class::Credentials,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Auth,
        535,
        "5.7.8 wrong password",
        Class::Credentials,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Auth,
        538,
        "5.7.11 encryption required",
        Class::Credentials,
        TokenAction::Keep,
        Retry::Never,
    ),
    // Protocol.
    (
        Stage::Mail,
        500,
        "syntax error",
        Class::Config,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Mail,
        501,
        "5.5.4 bad argument",
        Class::Config,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Connect,
        502,
        "not implemented",
        Class::Config,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Data,
        503,
        "5.5.1 bad sequence",
        Class::Config,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Auth,
        504,
        "mechanism not supported",
        Class::Config,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Mail,
        555,
        "parameters not recognized",
        Class::Config,
        TokenAction::Keep,
        Retry::Never,
    ),
    // Hard bounces.
    (
        Stage::Rcpt,
        550,
        "5.1.1 no such user",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        550,
        "5.1.2 bad domain",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        501,
        "5.1.3 bad syntax",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        550,
        "5.1.6 moved",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        556,
        "5.1.10 null MX",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        550,
        "5.2.1 mailbox disabled",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        551,
        "user not local",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        553,
        "mailbox name not allowed",
        Class::RecipientInvalid,
        TokenAction::Remove,
        Retry::Never,
    ),
    // Soft although 5xx.
    (
        Stage::Rcpt,
        552,
        "5.2.2 mailbox full",
        Class::MailboxFull,
        TokenAction::Keep,
        Retry::Later,
    ),
    (
        Stage::Rcpt,
        552,
        "storage exceeded",
        Class::MailboxFull,
        TokenAction::Keep,
        Retry::Later,
    ),
    // Too large.
    (
        Stage::Mail,
        552,
        "5.3.4 too big",
        Class::Payload,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Message,
        552,
        "5.2.3 too long",
        Class::Payload,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Message,
        552,
        "exceeds the limit",
        Class::Payload,
        TokenAction::Keep,
        Retry::Never,
    ),
    // Policy.
    (
        Stage::Message,
        550,
        "5.7.26 DMARC",
        Class::ContentFiltered,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Message,
        550,
        "5.7.23 SPF",
        Class::ContentFiltered,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Message,
        550,
        "5.7.20 DKIM",
        Class::ContentFiltered,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        554,
        "5.7.1 blocked",
        Class::ContentFiltered,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Mail,
        550,
        "5.7.1 sender refused",
        Class::ContentFiltered,
        TokenAction::Keep,
        Retry::Never,
    ),
    // Routing and conversion: one by one.
    (
        Stage::Rcpt,
        554,
        "5.4.4 unable to route",
        Class::Unknown,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Rcpt,
        554,
        "5.4.7 expired",
        Class::ExpiredTtl,
        TokenAction::Keep,
        Retry::Never,
    ),
    (
        Stage::Message,
        554,
        "5.6.1 media not supported",
        Class::Payload,
        TokenAction::Keep,
        Retry::Never,
    ),
];

#[test]
fn every_row_of_the_reference_has_its_class() {
    for (stage, reply, text, class, action, retry) in ROWS {
        let reason = refusal(*stage, *reply, text);
        let place = format!("{reply} {text} at {stage:?} is {reason}");
        assert_eq!(reason.class(), *class, "{place}");
        assert_eq!(reason.token_action(), *action, "{place}");
        match retry {
            // Whether it waits for somebody to change a setting is not the reply's to say.
            Retry::Never => assert_ne!(reason.retry(), Retry::Backoff, "{place}"),
            retry => assert_eq!(reason.retry(), *retry, "{place}"),
        }
    }
}

#[test]
fn a_refused_sender_is_never_held_against_the_recipient() {
    for (reply, text) in [
        (550, "5.1.0 address rejected"),
        (550, "5.1.1 unknown sender"),
        (553, "5.1.8 sender's domain does not exist"),
        (550, "no such user"),
        (553, "not owned by the user"),
    ] {
        let reason = refusal(Stage::Mail, reply, text);
        assert_eq!(reason, Reason::ProviderConfig, "{reply} {text}");
    }
    let reason = refusal(Stage::Rcpt, 550, "5.1.8 sender's domain does not exist");
    assert_eq!(reason, Reason::ProviderConfig);
}

#[test]
fn a_mailbox_that_gets_too_much_is_not_a_dead_one() {
    let text = "5.2.1 The user you are trying to contact is receiving mail too quickly";
    assert_eq!(refusal(Stage::Rcpt, 550, text), Reason::DeviceThrottled);
    let text = "4.2.1 The user is receiving mail at a rate that prevents delivery";
    assert_eq!(refusal(Stage::Rcpt, 450, text), Reason::DeviceThrottled);
}

#[test]
fn a_mere_550_gives_up_no_address_unless_its_words_do() {
    for (text, reason) in [
        ("", Reason::BouncedUnknown),
        ("access denied for your connection", Reason::BouncedUnknown),
        ("no template for this", Reason::BouncedUnknown),
        ("User unknown", Reason::RecipientInvalid),
        ("this looks like spam", Reason::ContentFiltered),
        ("the mailbox is full", Reason::MailboxFull),
    ] {
        assert_eq!(refusal(Stage::Rcpt, 550, text), reason, "{text}");
        assert_eq!(refusal(Stage::Message, 554, text), reason, "{text}");
    }
}

#[test]
fn an_enhanced_code_is_found_where_relays_put_it() {
    let code = |class, subject, detail| {
        Some(Enhanced {
            class,
            subject,
            detail,
        })
    };
    for (reply, text, expected) in [
        (550, "5.1.1 <a@b>: unknown", code(5, 1, 1)),
        (550, "5.7.26", code(5, 7, 26)),
        (554, "#5.1.0 Address rejected", code(5, 1, 0)),
        (550, "Requested action not taken (5.4.1)", code(5, 4, 1)),
        (550, "blocked, see 4.7.1", None),
        (550, "blocked: 10.5.1.2 is listed", None),
        (550, "version 5.1", None),
        (250, "2.0.0 ok", None),
        (550, "", None),
    ] {
        assert_eq!(Enhanced::find(reply, text), expected, "{text}");
    }
}

#[test]
fn a_code_that_says_nothing_leaves_it_to_the_reply() {
    assert_eq!(
        refusal(Stage::Rcpt, 553, "5.0.0 rejected"),
        Reason::RecipientInvalid
    );
    assert_eq!(
        refusal(Stage::Message, 552, "5.3.0 other"),
        Reason::PayloadTooLarge
    );
}
