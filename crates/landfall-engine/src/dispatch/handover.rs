//! One piece of claimed work: rendered, handed to its carrier, answered.

use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::Content;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Input};
use landfall_domain::reason::Reason;
use landfall_domain::work::{Assignment, Conclusion, Handover, Rendered, WorkState};
use landfall_send::Outgoing;

use super::carriers::Carrier;
use super::guard::{Judgement, Removed};
use super::queue::Way;
use super::{Inner, address, conclude};

/// Hands a piece of work over and returns what is to be stored about it: its conclusion, and devices
/// that come back because rejections turn out to be our fault.
pub(super) async fn hand_over(inner: &Inner, assignment: Assignment) -> Vec<Input> {
    let way = Way {
        channel: assignment.work.channel,
        platform: assignment.work.platform,
        app: assignment.work.app.clone(),
    };
    let Some(carrier) = inner.carriers.over(&way) else {
        let nobody = Answer::refused(Reason::ProviderNotConfigured);
        let provider = assignment.work.carrier();
        return vec![without_attempt(inner, &assignment, provider, nobody)];
    };
    match inner.workspace.snippets().await {
        Ok(snippets) => inner.renderer.set_snippets(snippets),
        Err(error) => tracing::warn!(%error, "snippets cannot be read; those known stay"),
    }
    let (content, to) = match prepared(inner, &assignment) {
        Ok(prepared) => prepared,
        Err(answer) => {
            carrier.give_back(1);
            return vec![without_attempt(
                inner,
                &assignment,
                Some(carrier.provider()),
                answer,
            )];
        }
    };
    let WorkState::Claimed { attempt, .. } = &assignment.work.state else {
        return Vec::new();
    };
    let outgoing = Outgoing {
        attempt_id: attempt.clone(),
        delivery_id: assignment.delivery_id.clone(),
        to,
        content,
        expires_at: assignment.work.expires,
        dry_run: false,
        analytics_label: Some(format!("m{}", assignment.work.message.0)),
    };
    let started_at = inner.workspace.now();
    let answer = carrier.sender.send(&outgoing, started_at).await;
    let now = inner.workspace.now();
    let removed = || removed(&assignment);
    let judgement = carrier.note(&answer, assignment.work.platform, removed, now);
    let made = Handover {
        id: outgoing.attempt_id,
        started_at,
        took_ms: u32::try_from(now.since(started_at)).unwrap_or(0),
    };
    let rendered = record_of(&assignment, &outgoing.content);
    concluded(
        inner,
        &assignment,
        &carrier,
        Some(made),
        answer,
        Some(rendered),
        judgement,
    )
}

fn prepared(
    inner: &Inner,
    assignment: &Assignment,
) -> Result<(Content, landfall_send::Address), Answer> {
    let content = inner.renderer.render(assignment, inner.workspace.now())?;
    let to = address::address(assignment).ok_or(Answer::refused(Reason::OwnerChanged))?;
    Ok((content, to))
}

fn without_attempt(
    inner: &Inner,
    assignment: &Assignment,
    provider: Option<Provider>,
    answer: Answer,
) -> Input {
    conclude::input(Conclusion {
        work: assignment.work.key,
        target: assignment.work.target.clone(),
        attempt: None,
        provider,
        answer,
        rendered: None,
        guarded: true,
        random: inner.random.number(),
    })
}

fn concluded(
    inner: &Inner,
    assignment: &Assignment,
    carrier: &Carrier,
    attempt: Option<Handover>,
    answer: Answer,
    rendered: Option<Rendered>,
    judgement: Judgement,
) -> Vec<Input> {
    let conclusion = Conclusion {
        work: assignment.work.key,
        target: assignment.work.target.clone(),
        attempt,
        provider: Some(carrier.provider()),
        answer,
        rendered,
        guarded: judgement.guarded,
        random: inner.random.number(),
    };
    let back = judgement.restore.into_iter().map(|removed| {
        crate::input_of_ours(Body::RestoreDevice {
            who: removed.who,
            device: Box::new(removed.device),
        })
    });
    std::iter::once(conclude::input(conclusion))
        .chain(back)
        .collect()
}

fn record_of(assignment: &Assignment, content: &Content) -> Rendered {
    Rendered {
        subject: content.subject().map(str::to_owned),
        content: (!assignment.work.order.forget_content)
            .then(|| serde_json::to_string(content).ok())
            .flatten(),
    }
}

fn removed(assignment: &Assignment) -> Option<Removed> {
    let person = assignment.person.as_ref()?;
    Some(Removed {
        who: Identifier::new(IdentifierKind::CioId, &person.cio_id)?,
        device: assignment.device.clone()?,
    })
}
