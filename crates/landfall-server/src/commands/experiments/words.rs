//! Experiments in words and tables.

use serde_json::Value;

use super::super::ask::show;

/// One line for each experiment.
pub(super) fn list(answer: &Value) {
    let experiments = answer["experiments"].as_array();
    if experiments.is_none_or(Vec::is_empty) {
        println!("No journey has an A/B test, a split or a holdout.");
        return;
    }
    let mut table = show::table(["experiment", "kind", "state", "people", "result"]);
    for experiment in experiments.into_iter().flatten() {
        table.add_row([
            show::text(&experiment["id"]),
            show::text(&experiment["kind"]),
            show::text(&experiment["state"]),
            show::number(experiment["people"].as_u64().unwrap_or(0)),
            show::text(&experiment["verdict"]["says"]),
        ]);
    }
    println!("{table}");
}

/// One experiment with everything that qualifies its result.
pub(super) fn show(answer: &Value) {
    println!(
        "{} of {} ({}, {})\n",
        show::plain(&answer["step"]),
        show::plain(&answer["journey"]["name"]),
        show::plain(&answer["kind"]),
        show::plain(&answer["state"])
    );
    println!(
        "{}.\n",
        show::capital(&show::plain(&answer["verdict"]["says"]))
    );
    hold(&answer["hold"]);
    counts(answer);
    for variant in answer["report"]["variants"]
        .as_array()
        .into_iter()
        .flatten()
    {
        effects(variant, answer["currency"].as_str());
    }
    ratios(&answer["report"]);
    for note in answer["notes"].as_array().into_iter().flatten() {
        println!("- {}", show::plain(note));
    }
}

fn hold(hold: &Value) {
    if hold.is_null() {
        return;
    }
    let new = match hold["on_trouble"].as_str() {
        Some("pause") => "new people pass the test by",
        _ => "new people go to the control",
    };
    println!(
        "Held since {}: {}. Meanwhile {new} and do not count. It {}.\n",
        show::time(&hold["since_ms"]),
        show::plain(&hold["reason"]),
        show::plain(&hold["resume"])
    );
}

fn counts(answer: &Value) {
    let mut table = show::table([
        "arm",
        "share",
        "assigned",
        "sent",
        "accepted",
        "receipt",
        "opened",
        "converted",
        "revenue",
    ]);
    for arm in answer["counts"].as_array().into_iter().flatten() {
        let count = |name: &str| show::number(arm[name].as_u64().unwrap_or(0));
        table.add_row([
            show::text(&arm["name"]),
            format!("{:.2} %", 100.0 * arm["share"].as_f64().unwrap_or(0.0)).into(),
            count("assigned"),
            count("sent"),
            count("accepted"),
            count("receipt"),
            count("opened"),
            count("converted"),
            format!("{:.2}", arm["revenue"]["sum"].as_f64().unwrap_or(0.0)).into(),
        ]);
    }
    println!("{table}");
}

fn effects(variant: &Value, currency: Option<&str>) {
    println!("{} beside the control:", show::plain(&variant["name"]));
    let line = |what: &str, effect: &Value, unit: &str| {
        if let Some(shown) = effect_words(effect, unit) {
            println!("  {what}: {shown}");
        }
    };
    line(
        "conversion per person assigned",
        &variant["per_assigned"],
        "",
    );
    let delivered = &variant["per_delivered"];
    line("conversion per delivered message", &delivered["effect"], "");
    if let Some(reason) = delivered["withheld"]["reason"].as_str() {
        println!("  per delivered message: withheld, since {reason}");
        line(
            "  within people who were alike before",
            &delivered["post_stratified"],
            "",
        );
        if let (Some(low), Some(high)) = (
            delivered["bounds"]["low"].as_f64(),
            delivered["bounds"]["high"].as_f64(),
        ) {
            println!(
                "    at least {:+.2} and at most {:+.2} points",
                100.0 * low,
                100.0 * high
            );
        }
    }
    line("effect on those who were reached", &variant["complier"], "");
    let money = currency.unwrap_or("");
    line(
        "revenue per person",
        &variant["revenue"]["per_person"],
        money,
    );
    line(
        "revenue that would not be there",
        &variant["incremental_revenue"],
        money,
    );
    println!();
}

/// `+12.0 % (+3.1 to +20.8), p = 0.004`; money keeps its unit, and shares are in points.
fn effect_words(effect: &Value, currency: &str) -> Option<String> {
    let number = |name: &str| effect[name].as_f64();
    let (estimate, low, high) = (number("estimate")?, number("low")?, number("high")?);
    let p = number("p_value")?;
    let relative = effect["scale"] == "relative";
    Some(if currency.is_empty() {
        let unit = if relative { "%" } else { "points" };
        let (estimate, low, high) = (100.0 * estimate, 100.0 * low, 100.0 * high);
        format!("{estimate:+.2} {unit} ({low:+.2} to {high:+.2}), p = {p:.4}")
    } else {
        format!("{estimate:+.2} {currency} ({low:+.2} to {high:+.2}), p = {p:.4}")
    })
}

fn ratios(report: &Value) {
    for ratio in report["ratios"].as_array().into_iter().flatten() {
        if ratio["mismatch"] == true {
            println!(
                "The numbers of people {} do not fit the design.",
                show::plain(&ratio["stage"])
            );
        }
    }
    for leak in report["leaks"].as_array().into_iter().flatten().take(3) {
        println!(
            "Lost unevenly at {}: {} {}, by {:.1} points.",
            show::plain(&leak["stage"]),
            show::plain(&leak["dimension"]),
            show::plain(&leak["value"]),
            100.0 * leak["difference"].as_f64().unwrap_or(0.0)
        );
    }
}

/// How one is judged and guarded.
pub(super) fn settings(answer: &Value) {
    let settings = &answer["settings"];
    println!("{}", show::plain(&answer["id"]));
    for name in [
        "alpha",
        "planned",
        "on_trouble",
        "resume_minutes",
        "resume_cases",
    ] {
        println!("  {name}: {}", show::plain(&settings[name]));
    }
}

/// What is needed before the start.
pub(super) fn power(answer: &Value) {
    let percent = |value: &Value| 100.0 * value.as_f64().unwrap_or(0.0);
    let source = match answer["rate_source"].as_str() {
        Some("journey") => " (the journey's last 28 days)",
        _ => "",
    };
    println!(
        "Rate of the control: {:.2} %{source}.",
        percent(&answer["rate"])
    );
    let looks = match answer["looks"].as_str() {
        Some("once") => "looked at once, at the end",
        _ => "however often one looks",
    };
    match answer["people_needed"].as_u64() {
        Some(people) => println!(
            "An effect of {:+.1} % shows with {} people, {looks}, in {:.0} % of all cases.",
            percent(&answer["effect"]),
            show::grouped(people),
            percent(&answer["power"])
        ),
        None => println!(
            "No number of people shows an effect of {:+.1} %.",
            percent(&answer["effect"])
        ),
    }
    if let Some(weeks) = answer["weeks_needed"].as_f64() {
        println!(
            "With {:.0} people a week that takes {weeks:.1} weeks.",
            answer["per_week"].as_f64().unwrap_or(0.0)
        );
    }
    if let (Some(people), effect) = (answer["people"].as_u64(), &answer["smallest_effect"]) {
        match effect.as_f64() {
            Some(effect) => println!(
                "{} people show a rise of {:.1} % or more.",
                show::grouped(people),
                100.0 * effect
            ),
            None => println!("{} people show nothing.", show::grouped(people)),
        }
    }
}
