//! What a verdict rests on: where, since when, how much, and the strongest facts in words.

use landfall_domain::reason::Reason;

use super::arrival::Arrival;
use super::coincide::{AdoptionEffect, adoption_effect};
use super::onset::{Onset, onset};
use super::suspect::{CLEAR, Case, Suspicion};
use super::{
    Cause, Change, Confidence, Contrast, Fact, Lookup, Money, Place, Problem, Ratio, Rows, Slice,
    Verdict,
};
use crate::decompose::Shift;
use crate::decompose::funnel::Factor;
use crate::decompose::uncertain::Span;

/// Facts that are told.
const FACTS: usize = 3;
/// How far a change may lie from the beginning and still coincide with it: an hour to each side.
const BESIDE_MS: i64 = landfall_domain::time::HOUR_MS;

/// Turns a suspicion into a verdict.
pub(super) fn conclude(case: &Case<'_>, suspicion: &Suspicion, lookup: &dyn Lookup) -> Verdict {
    let place = place(case, suspicion, lookup);
    let dispersion = suspicion
        .factor
        .map_or(1.0, |factor| case.picture.noise.dispersion[factor.index()]);
    let since = suspicion.factor.and_then(|factor| {
        let of = |slice: &Slice| onset(&lookup.series(factor, slice), dispersion, CLEAR);
        // What is new, such as a release, has no time before: it began when the whole changed.
        of(&place.slice).or_else(|| of(&Slice::default()))
    });
    let contrast = suspicion.factor.and_then(|f| lookup.rates(f, &place.slice));
    let release = release(case, suspicion, &place, lookup, dispersion);
    let money = money(case, suspicion);
    let mut facts = gather(case, suspicion, &place, contrast.as_ref(), release.as_ref());
    facts.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()));
    facts.truncate(FACTS);
    // That the other stages stayed as they were speaks for the verdict too.
    let others = Factor::OF_PLATFORM.into_iter();
    let stayed = others.filter(|factor| Some(*factor) != suspicion.factor);
    let wanted = FACTS - facts.len();
    facts.extend(stayed.map(|factor| stage(case, factor)).take(wanted));
    let coincides = coincides(case, since.as_ref());
    Verdict {
        problem: suspicion.problem,
        cause: suspicion.cause,
        reason: suspicion.reason.map(Reason::name),
        factor: suspicion.factor,
        confidence: confidence(suspicion),
        says: says(case, suspicion, &place, &money),
        rates: contrast.and_then(|contrast| held_against(&contrast).rate()),
        place,
        since,
        money,
        facts,
        release,
        coincides,
    }
}

fn confidence(suspicion: &Suspicion) -> Confidence {
    let doubtful = suspicion.arrival == Some(Arrival::Unknown);
    match suspicion.z.abs() {
        _ if suspicion.problem == Problem::Nothing => Confidence::Medium,
        _ if doubtful => Confidence::Low,
        z if z >= 6.0 => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// Problems whose rows carry no device, or that lie everywhere by their nature.
const fn is_everywhere(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::OrderTracking | Problem::Seasonality | Problem::Nothing
    )
}

fn place(case: &Case<'_>, suspicion: &Suspicion, lookup: &dyn Lookup) -> Place {
    let Some(factor) = suspicion
        .factor
        .filter(|_| !is_everywhere(suspicion.problem))
    else {
        return Place::default();
    };
    lookup
        .place(factor)
        .map(with_platform)
        .unwrap_or_else(|| by_contribution(case, factor))
}

/// Versions are numbered by each platform for itself: where the same rows can be described with the
/// platform, that says more, and the release can be looked up.
fn with_platform(mut place: Place) -> Place {
    let has = |slice: &Slice, name: &str| slice.0.iter().any(|(known, _)| known == name);
    if !has(&place.slice, "app_version") || has(&place.slice, "platform") {
        return place;
    }
    let fuller = place.also.iter().position(|also| {
        let adds_one = also.0.len() == place.slice.0.len() + 1;
        let keeps = place.slice.0.iter().all(|part| also.0.contains(part));
        adds_one && keeps && has(also, "platform")
    });
    if let Some(at) = fuller {
        std::mem::swap(&mut place.slice, &mut place.also[at]);
    }
    place
}

/// Without a localisation: the version that contributed most, or its platform, or everything. Opens and
/// orders are too few for that: there the greatest contribution is often the luckiest.
fn by_contribution(case: &Case<'_>, factor: Factor) -> Place {
    let many = [Factor::Sent, Factor::Delivered].contains(&factor);
    let at = Factor::OF_PLATFORM.iter().position(|f| *f == factor);
    let Some(at) = at.filter(|_| many) else {
        return Place::default();
    };
    let total = case.decomposition.of(factor);
    let parts = case.decomposition.platforms.iter();
    let Some(worst) = parts.min_by(|a, b| a.factors[at].total_cmp(&b.factors[at])) else {
        return Place::default();
    };
    let share = |money: f64| if total == 0.0 { 0.0 } else { money / total };
    if share(worst.factors[at]) < 0.75 {
        return Place::default();
    }
    let mut slice = vec![("platform".to_owned(), worst.platform.clone())];
    let mut part = worst.factors[at];
    if let Some((version, money)) = case.decomposition.owner(&worst.platform, factor)
        && worst.versions.len() > 1
        && money / worst.factors[at] >= 0.75
    {
        slice.push(("app_version".to_owned(), version.to_owned()));
        part = money;
    }
    Place {
        slice: Slice(slice),
        also: Vec::new(),
        p_value: 2.0 * crate::settling::law::normal_below(-case.z(factor).abs()),
        share: share(part),
    }
}

fn release(
    case: &Case<'_>,
    suspicion: &Suspicion,
    place: &Place,
    lookup: &dyn Lookup,
    dispersion: f64,
) -> Option<AdoptionEffect> {
    let factor = suspicion.factor?;
    let named = |wanted: &str| {
        let parts = place.slice.0.iter();
        let found = parts.clone().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    };
    let (platform, version) = match (named("platform"), named("app_version")) {
        (Some(platform), Some(version)) => (platform, version),
        (Some(platform), None) => {
            let owner = case.decomposition.owner(&platform, factor)?.0.to_owned();
            (platform, owner)
        }
        _ => return None,
    };
    let found = case
        .picture
        .funnel
        .platforms
        .iter()
        .find(|p| p.name == platform)?;
    let before = super::suspect::platform_ratio(found, factor)?
        .rate()?
        .before;
    let days = lookup.adoption(factor, &platform, &version);
    adoption_effect(&platform, &version, &days, before, dispersion)
        .filter(AdoptionEffect::coincides)
}

fn coincides(case: &Case<'_>, since: Option<&Onset>) -> Vec<Change> {
    let Some(since) = since else {
        return Vec::new();
    };
    let (from, to) = (
        since.earliest.plus_millis(-BESIDE_MS),
        since.latest.plus_millis(BESIDE_MS),
    );
    let changes = case.picture.changes.iter();
    changes
        .filter(|change| from <= change.at && change.at <= to)
        .cloned()
        .collect()
}

/// The loss of all stages that belong to the problem: with what other channels of the journey lost by the
/// same, less what they caught.
fn money(case: &Case<'_>, suspicion: &Suspicion) -> Money {
    if suspicion.problem == Problem::OrderTracking {
        // What is not reported is not lost.
        return Money::default();
    }
    let (mut gross, mut low, mut high) = (0.0, 0.0_f64, 0.0_f64);
    let after = case.decomposition.revenue.after;
    for factor in &suspicion.factors {
        match case.recent(*factor) {
            Some(recent) if recent.undone > 1.0 => {
                let lost = after * (recent.undone - 1.0);
                let error = 1.96 * recent.error * (after + lost);
                gross += lost;
                low += error * error;
                high += error * error;
            }
            _ => {
                let (money, span) = case.money(*factor);
                gross -= money;
                low += (money - span.low).powi(2);
                high += (span.high - money).powi(2);
            }
        }
    }
    if suspicion.factor == Some(Factor::Delivered) && suspicion.problem == Problem::Delivery {
        // Who received without a report is among those whose orders come after neither.
        gross -= case.decomposition.unconfirmed.min(0.0);
    }
    let (low, high) = (low.sqrt(), high.sqrt());
    let beside = beside_lost(case, suspicion, gross);
    let lost = gross + beside - caught(case, suspicion.problem).min(gross.max(0.0));
    // What other channels lost is as uncertain as what it is reckoned from.
    let stretch = if gross > 0.0 {
        (gross + beside) / gross
    } else {
        1.0
    };
    let before = case.decomposition.revenue.before;
    let all: f64 = case.picture.channels.iter().map(|c| c.value.before).sum();
    Money {
        lost,
        interval: Span {
            low: lost - high * stretch,
            high: lost + low * stretch,
        },
        gross,
        share: (before + all > 0.0).then(|| lost / (before + all)),
    }
}

/// What the journey's other channels lost by the same problem: where it is one of people, of rules or of
/// the offer, they are hit alike.
fn beside_lost(case: &Case<'_>, suspicion: &Suspicion, gross: f64) -> f64 {
    let channels = &case.picture.channels;
    let after = case.decomposition.revenue.after;
    match (suspicion.problem, suspicion.cause) {
        (Problem::Seasonality | Problem::Offer, _) | (_, Cause::AudienceShrink) => {
            let value: f64 = channels.iter().map(|c| c.value.after).sum();
            if after > 0.0 {
                gross * value / after
            } else {
                0.0
            }
        }
        (Problem::Eligibility, Cause::Cap | Cause::QuietHours | Cause::Consent) => {
            // Rules refuse there too, and who was refused a push comes there: both are in what was sent
            // to as many people.
            let growth = growth(case);
            let lost = channels.iter().map(|channel| {
                let (sent, value) = (channel.sent, channel.value);
                let each = (value.before + value.after) / (sent.before + sent.after).max(1.0);
                (sent.before * growth - sent.after) * each
            });
            lost.sum()
        }
        _ => 0.0,
    }
}

/// How many people qualify now for one who did before.
fn growth(case: &Case<'_>) -> f64 {
    let people = case.ratio(Factor::Qualified).hits;
    if people.before > 0.0 {
        people.after / people.before
    } else {
        1.0
    }
}

/// What people brought who came to another channel because the push did not reach them.
fn caught(case: &Case<'_>, problem: Problem) -> f64 {
    if !matches!(problem, Problem::Delivery | Problem::Coverage) {
        return 0.0;
    }
    let growth = growth(case);
    let channels = case.picture.channels.iter().map(|channel| {
        let more = channel.qualified.after - channel.qualified.before * growth;
        let each = channel.value.after / channel.qualified.after.max(1.0);
        (more * each).max(0.0)
    });
    channels.sum()
}

fn gather(
    case: &Case<'_>,
    suspicion: &Suspicion,
    place: &Place,
    contrast: Option<&Contrast>,
    release: Option<&AdoptionEffect>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    let Some(factor) = suspicion.factor else {
        return quiet(case);
    };
    let rows = case.picture.rows.clone().of(&place.slice);
    match contrast {
        Some(contrast) => compared(&mut facts, case, factor, place, contrast, &rows),
        None => facts.push(stage(case, factor)),
    }
    if let Some(reason) = suspicion.reason {
        let counted = case.picture.reasons.iter().find(|r| r.reason == reason);
        facts.extend(counted.map(|counted| {
            let ratio = Ratio {
                hits: counted.count,
                of: case.ratio(factor).of,
            };
            Fact {
                says: format!(
                    "{}: {:.0} times instead of {:.0}",
                    reason.name(),
                    counted.count.after,
                    counted.count.before
                ),
                z: ratio.z(1.0),
                figures: counted.count,
                rows: case.picture.rows.clone().and("reason", reason.name()),
            }
        }));
    }
    if let Some(release) = release {
        facts.push(Fact {
            says: format!(
                "{} {} differs by {:+.1} points from other versions on the same days; {:.0} % have it, which explains {:.0} % of the change",
                release.platform,
                release.version,
                100.0 * release.effect,
                100.0 * release.adoption,
                100.0 * release.explains
            ),
            z: release.effect / release.error,
            figures: Shift::new(0.0, release.effect),
            rows: case
                .picture
                .rows
                .clone()
                .and("platform", release.platform.as_str())
                .and("app_version", release.version.as_str()),
        });
    }
    if matches!(factor, Factor::Delivered) {
        facts.push(opens(case, suspicion.arrival));
    }
    beside(&mut facts, case, suspicion.problem);
    facts
}

/// Nothing was clear: the three stages that moved most, and that it was chance.
fn quiet(case: &Case<'_>) -> Vec<Fact> {
    let factors = Factor::ALL.into_iter().filter(|f| *f != Factor::Mix);
    factors.map(|factor| stage(case, factor)).collect()
}

fn stage(case: &Case<'_>, factor: Factor) -> Fact {
    let (ratio, z) = (case.ratio(factor), case.z(factor));
    let (shown, figures) = figures(factor, &ratio);
    let chance = if z.abs() < CLEAR {
        ", not distinguishable from chance"
    } else {
        ""
    };
    Fact {
        says: format!("{}: {shown}{chance}", factor.name()),
        z,
        figures,
        rows: case.line(factor).rows,
    }
}

/// Both figures in words.
fn figures(factor: Factor, ratio: &Ratio) -> (String, Shift) {
    let rate = ratio.rate().unwrap_or_default();
    let shown = match factor {
        Factor::Qualified => format!("{:.0} instead of {:.0}", rate.after, rate.before),
        Factor::Devices | Factor::Value => {
            format!("{:.2} instead of {:.2}", rate.after, rate.before)
        }
        _ => format!(
            "{:.1} % of {:.0} instead of {:.1} % of {:.0}",
            100.0 * rate.after,
            ratio.of.after,
            100.0 * rate.before,
            ratio.of.before
        ),
    };
    (shown, rate)
}

/// The rate of a slice in both periods; what is new is held against what everything came to before.
fn held_against(contrast: &Contrast) -> Ratio {
    let (inside, outside) = (contrast.inside, contrast.outside);
    if inside.of.before > 0.0 {
        return inside;
    }
    Ratio {
        hits: Shift::new(outside.hits.before, inside.hits.after),
        of: Shift::new(outside.of.before, inside.of.after),
    }
}

fn compared(
    facts: &mut Vec<Fact>,
    case: &Case<'_>,
    factor: Factor,
    place: &Place,
    contrast: &Contrast,
    rows: &Rows,
) {
    let dispersion = case.picture.noise.dispersion[factor.index()];
    let inside = held_against(contrast);
    let (shown, rates) = figures(factor, &inside);
    let new = if contrast.inside.of.before > 0.0 {
        ""
    } else {
        " elsewhere, for it is new"
    };
    facts.push(Fact {
        says: format!("{}, {}: {shown}{new}", factor.name(), place.slice),
        z: inside.z(dispersion),
        figures: rates,
        rows: rows.clone(),
    });
    if place.slice.0.is_empty() || contrast.outside.of.after <= 0.0 {
        return;
    }
    let (shown, rates) = figures(factor, &contrast.outside);
    // That the rest stayed is as strong as the slice stands out from it.
    let change = |ratio: &Ratio| ratio.rate().map_or(0.0, Shift::change).abs();
    let stands_out = 1.0 - (change(&contrast.outside) / change(&inside).max(1e-9)).min(1.0);
    facts.push(Fact {
        says: format!("{} everywhere else: {shown}", factor.name()),
        z: inside.z(dispersion).abs() * 0.9 * stands_out,
        figures: rates,
        rows: case.picture.rows.clone(),
    });
}

/// What opens say about receipts.
fn opens(case: &Case<'_>, arrival: Option<Arrival>) -> Fact {
    let (before, after) = (
        case.picture.funnel.steps(false),
        case.picture.funnel.steps(true),
    );
    let ratio = Ratio {
        hits: Shift::new(before.opened, after.opened),
        of: Shift::new(before.sent, after.sent),
    };
    let (shown, figures) = figures(Factor::Opened, &ratio);
    let meaning = match arrival {
        Some(Arrival::Stayed) => "where receipts fell, opens did not: the messages arrive",
        Some(Arrival::Fell) => "where receipts fell, opens fell with them",
        _ => "too few opens to tell whether messages arrive unreported",
    };
    let dispersion = case.picture.noise.dispersion[Factor::Opened.index()];
    Fact {
        says: format!("opened, of sent: {shown}; {meaning}"),
        z: ratio.z(dispersion).abs().max(CLEAR),
        figures,
        rows: case.picture.rows.clone().and("has", "opened"),
    }
}

/// Other channels and other journeys, where they are what tells problems apart.
fn beside(facts: &mut Vec<Fact>, case: &Case<'_>, problem: Problem) {
    let tells = matches!(
        problem,
        Problem::Offer | Problem::OrderTracking | Problem::Seasonality | Problem::Eligibility
    );
    if !tells {
        return;
    }
    let all = case.all_orders();
    let (shown, figures) = figures(Factor::Converted, &all);
    facts.push(Fact {
        says: format!("orders, of sent messages by all channels: {shown}"),
        z: all.z(1.0),
        figures,
        rows: case.picture.rows.clone().and("has", "converted"),
    });
    if let Some(others) = &case.picture.others {
        facts.push(Fact {
            says: format!(
                "other journeys: {:.0} people instead of {:.0}",
                others.qualified.after, others.qualified.before
            ),
            z: CLEAR,
            figures: others.qualified,
            rows: Rows::default(),
        });
    }
}

fn says(case: &Case<'_>, suspicion: &Suspicion, place: &Place, money: &Money) -> String {
    let revenue = case.decomposition.revenue;
    let share = if revenue.before > 0.0 {
        format!("{:+.1} %", 100.0 * revenue.change() / revenue.before)
    } else {
        "no revenue before".to_owned()
    };
    let what = match (suspicion.problem, suspicion.cause) {
        (Problem::Nothing, _) => {
            return format!(
                "Nothing beyond chance: revenue {share}, and no stage changed by more than it usually varies."
            );
        }
        (Problem::Measurement, _) => {
            return format!(
                "Measurement, not delivery ({place_words}): receipts were lost, and the messages are opened as before. Revenue {share}.",
                place_words = place.slice
            );
        }
        (Problem::Delivery, cause) => format!("Delivery ({})", words(cause)),
        (Problem::Coverage, cause) => format!("Coverage ({})", words(cause)),
        (Problem::Eligibility, cause) => format!("Eligibility ({})", words(cause)),
        (Problem::Engagement, _) => "Engagement: messages arrive and are opened less".to_owned(),
        (Problem::Offer, Cause::OrderValue) => "Offer: orders are worth less".to_owned(),
        (Problem::Offer, _) => "Offer: opened as before, and bought less".to_owned(),
        (Problem::OrderTracking, _) => {
            return format!(
                "Tracking of orders: they stopped to come in, by every channel. They are missing from the figures (revenue {share}), not lost."
            );
        }
        (Problem::Seasonality, _) => {
            "Season: fewer people and fewer orders, by every channel".to_owned()
        }
    };
    format!(
        "{what}, {}: it costs {:.2} {} (95 %: {:.2} to {:.2}) of a change of {:.2} ({share}).",
        place.slice,
        money.lost,
        case.picture.unit,
        money.interval.low,
        money.interval.high,
        revenue.change()
    )
}

/// A cause in words.
pub(crate) const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::TokenChurn => "tokens became invalid",
        Cause::Credential => "the provider refuses the key",
        Cause::Configuration => "app, sender and provider do not fit together",
        Cause::Provider => "the provider is down or limits us",
        Cause::Payload => "the content cannot be built or is refused",
        Cause::TimeToLive => "the time to live ends too early",
        Cause::NotReceived => "taken by the provider, not received by devices",
        Cause::PermissionChange => "fewer devices permit notifications",
        Cause::TokensMissing => "people without a known device",
        Cause::Cap => "a cap holds messages back",
        Cause::QuietHours => "quiet hours hold messages back",
        Cause::Consent => "people opted out or are suppressed",
        Cause::AudienceShrink => "fewer people start the journey",
        Cause::Mix => "people moved between platforms",
        Cause::Creative => "the message convinces less",
        Cause::Conversion => "fewer orders for each message",
        Cause::OrderValue => "orders are worth less",
        Cause::ReceiptsLost => "devices stopped to report",
        Cause::OrdersUnreported => "orders stopped to come in",
        Cause::Season => "less of everything",
        Cause::Unknown => "the ledger does not tell why",
    }
}
