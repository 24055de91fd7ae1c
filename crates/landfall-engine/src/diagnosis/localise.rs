//! Where a change lies: the cube of a factor, and the slice that explains it.

use std::collections::{BTreeMap, HashMap};

use landfall_board::{Alike, MessageInfo};
use landfall_insight::decompose::funnel::Factor;
use landfall_insight::localise::{
    Attribute as CubeAttribute, Counts, Cube, Description, Direction, Element, Options, Verdict,
    localise,
};
use landfall_insight::verdict::{Place, Ratio, Slice};

use super::attribute::Attribute;
use super::count::case;

/// Standard errors, downwards, from which a single value is said to have fallen.
const CLEAR: f64 = -4.0;
/// Share of the fall that must lie in a single value.
const MOST: f64 = 0.8;
/// Most values of an attribute. One with more, such as a build number in the model, tells nothing.
const VALUES_MAX: usize = 300;

/// The values of one attribute that occur, by number.
#[derive(Default)]
struct Values {
    numbers: HashMap<String, u16>,
    texts: Vec<String>,
}

impl Values {
    fn number(&mut self, text: String) -> u16 {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = u16::try_from(self.texts.len()).unwrap_or(u16::MAX);
        self.numbers.insert(text.clone(), number);
        self.texts.push(text);
        number
    }
}

/// What people are told apart by before a device is known: the step.
const fn attributes(factor: Factor) -> &'static [Attribute] {
    match factor {
        Factor::Coverage | Factor::Eligible | Factor::Devices => &[Attribute::Step],
        _ => &Attribute::ALL,
    }
}

/// Where the fall of a factor lies; nothing when no slice stands out, or nothing fell.
pub(super) fn place(
    factor: Factor,
    before: &[Alike],
    after: &[Alike],
    messages: &[MessageInfo],
) -> Option<Place> {
    let (cube, attributes) = cube(factor, before, after, messages)?;
    let options = Options {
        direction: Direction::Fall,
        ..Options::default()
    };
    let found = localise(&cube, &options);
    let everywhere = Place {
        p_value: found.p_value,
        share: 1.0,
        ..Place::default()
    };
    match found.verdict {
        // A handful of leaves says too little about how much leaves vary by themselves.
        Verdict::NoChange => single(&cube, &attributes),
        Verdict::Global | Verdict::OutsideRecorded => Some(everywhere),
        Verdict::Elements => {
            let element = found.elements.first()?;
            Some(of_element(element, &cube, &attributes))
        }
    }
}

/// The single value in which nearly all of a clear fall lies.
fn single(cube: &Cube, attributes: &[Attribute]) -> Option<Place> {
    let ratio = |belongs: &dyn Fn(usize) -> bool| {
        let mut ratio = Ratio::default();
        for leaf in (0..cube.len()).filter(|leaf| belongs(*leaf)) {
            let counts = cube.counts(leaf);
            ratio.of.before += counts.n0 as f64;
            ratio.of.after += counts.n as f64;
            ratio.hits.before += counts.x0 as f64;
            ratio.hits.after += counts.x as f64;
        }
        ratio
    };
    let excess = |ratio: &Ratio| {
        let rate = ratio.rate().unwrap_or_default();
        ratio.of.after * rate.change()
    };
    let total = excess(&ratio(&|_| true));
    let mut best: Option<Place> = None;
    for (at, attribute) in attributes.iter().enumerate() {
        for (code, value) in cube.attributes()[at].values.iter().enumerate() {
            let own = ratio(&|leaf| usize::from(cube.codes(leaf)[at]) == code);
            let share = if total < 0.0 {
                excess(&own) / total
            } else {
                0.0
            };
            let clear = own.z(1.0) <= CLEAR && share >= MOST;
            if clear && best.as_ref().is_none_or(|known| known.share < share) {
                best = Some(Place {
                    slice: Slice(vec![(attribute.name().to_owned(), value.clone())]),
                    also: Vec::new(),
                    p_value: 0.001,
                    share,
                });
            }
        }
    }
    best
}

fn of_element(element: &Element, cube: &Cube, attributes: &[Attribute]) -> Place {
    let mut descriptions: Vec<&Description> = vec![&element.description];
    descriptions.extend(&element.equivalents);
    // The shortest first, and among those the one whose attributes people think in.
    let order = |description: &&Description| {
        let places: Vec<usize> = description.iter().map(|part| part.attribute).collect();
        (description.len(), places)
    };
    descriptions.sort_by_key(order);
    let slice = |description: &Description| {
        let parts = description.iter().map(|part| {
            let values = &cube.attributes()[part.attribute].values;
            let named = part.values.iter().map(|code| {
                let text = values.get(usize::from(*code));
                text.map_or("", String::as_str)
            });
            let name = attributes[part.attribute].name().to_owned();
            (name, named.collect::<Vec<_>>().join(","))
        });
        Slice(parts.collect())
    };
    let mut slices = descriptions.into_iter().map(slice);
    Place {
        slice: slices.next().unwrap_or_default(),
        also: slices.collect(),
        p_value: element.p_value,
        share: element.share,
    }
}

/// The leaves of a factor with the attributes that tell them apart; nothing without a rate or leaves.
fn cube(
    factor: Factor,
    before: &[Alike],
    after: &[Alike],
    messages: &[MessageInfo],
) -> Option<(Cube, Vec<Attribute>)> {
    let all = attributes(factor);
    let mut values: Vec<Values> = all.iter().map(|_| Values::default()).collect();
    let mut leaves: BTreeMap<Vec<u16>, Counts> = BTreeMap::new();
    for (is_after, rows) in [(false, before), (true, after)] {
        for row in rows {
            let Some((n, x)) = case(row, factor) else {
                continue;
            };
            let codes = all
                .iter()
                .zip(&mut values)
                .map(|(attribute, values)| values.number(attribute.text(row, messages)));
            let counts = leaves.entry(codes.collect()).or_default();
            if is_after {
                counts.n += n;
                counts.x += x;
            } else {
                counts.n0 += n;
                counts.x0 += x;
            }
        }
    }
    // Attributes with one value tell nothing apart.
    let kept: Vec<usize> = (0..all.len())
        .filter(|at| (2..=VALUES_MAX).contains(&values[*at].texts.len()))
        .collect();
    if leaves.is_empty() || kept.is_empty() {
        return None;
    }
    let named = kept.iter().map(|at| CubeAttribute {
        name: all[*at].name().to_owned(),
        values: values[*at].texts.clone(),
    });
    let mut cube = Cube::new(named.collect());
    let mut joined: BTreeMap<Vec<u16>, Counts> = BTreeMap::new();
    for (codes, counts) in leaves {
        let codes = kept.iter().map(|at| codes[*at]).collect();
        let sum = joined.entry(codes).or_default();
        sum.n += counts.n;
        sum.x += counts.x;
        sum.n0 += counts.n0;
        sum.x0 += counts.x0;
    }
    for (codes, counts) in joined {
        // Codes and counts fit by construction.
        cube.push(&codes, counts).ok()?;
    }
    Some((cube, kept.into_iter().map(|at| all[at]).collect()))
}
