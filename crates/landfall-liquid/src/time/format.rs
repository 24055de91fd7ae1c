//! `strftime` with the directives and flags of Ruby's `Time#strftime`.

use std::fmt::Write as _;

use super::Moment;
use crate::error::RenderError;

/// The widest field that is padded; Ruby has no such bound, but then a template could ask for gigabytes.
const MAX_WIDTH: usize = 1024;

/// The longest pattern, in bytes: its fields may be as wide as above.
const MAX_PATTERN: usize = 1024;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// What stands between `%` and the letter.
#[derive(Debug, Default, Clone, Copy)]
struct Flags {
    padding: Option<Padding>,
    upper: bool,
    swap: bool,
    colons: usize,
    width: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    None,
    Zero,
    Space,
}

/// Formats a point in time.
pub(crate) fn format(moment: &Moment, pattern: &str) -> Result<String, RenderError> {
    if pattern.len() > MAX_PATTERN {
        return Err(RenderError::argument(format!(
            "the date format is longer than {MAX_PATTERN} bytes"
        )));
    }
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let directive = &rest[at..];
        let Some((flags, letter, length)) = read_directive(directive) else {
            return Err(RenderError::argument(format!("invalid format: {pattern}")));
        };
        if flags.width.is_some_and(|width| width > MAX_WIDTH) {
            return Err(RenderError::argument(format!(
                "a width above {MAX_WIDTH} in the date format"
            )));
        }
        if !write_directive(moment, flags, letter, &mut out)? {
            out.push_str(&directive[..length]);
        }
        rest = &directive[length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Flags, letter and length of what begins with `%`; `None` when the letter is missing.
fn read_directive(text: &str) -> Option<(Flags, char, usize)> {
    let mut flags = Flags::default();
    for (at, sign) in text.char_indices().skip(1) {
        match sign {
            '-' if flags.width.is_none() => flags.padding = Some(Padding::None),
            '0' if flags.width.is_none() => flags.padding = Some(Padding::Zero),
            '_' if flags.width.is_none() => flags.padding = Some(Padding::Space),
            '^' if flags.width.is_none() => flags.upper = true,
            '#' if flags.width.is_none() => flags.swap = true,
            ':' => flags.colons += 1,
            '0'..='9' => {
                let digit = sign as usize - '0' as usize;
                let width = flags.width.unwrap_or(0);
                flags.width = Some(width.saturating_mul(10).saturating_add(digit));
            }
            letter => {
                let mut length = at + letter.len_utf8();
                let next = text[length..].chars().next();
                let (letter, modified) = match (letter, next) {
                    ('E', Some(next @ ('c' | 'C' | 'x' | 'X' | 'y' | 'Y')))
                    | (
                        'O',
                        Some(
                            next @ ('d' | 'e' | 'H' | 'k' | 'I' | 'l' | 'm' | 'M' | 'S' | 'u' | 'U'
                            | 'V' | 'w' | 'W' | 'y'),
                        ),
                    ) => (next, true),
                    _ => (letter, false),
                };
                length += usize::from(modified);
                return Some((flags, letter, length));
            }
        }
    }
    None
}

/// Writes a directive; false when Ruby does not know it and leaves it as it stands.
fn write_directive(
    moment: &Moment,
    flags: Flags,
    letter: char,
    out: &mut String,
) -> Result<bool, RenderError> {
    let time = &moment.zoned;
    if flags.colons > 0 && letter != 'z' {
        return Ok(false);
    }
    if let Some((number, padding, width)) = number(moment, letter) {
        write_number(number, flags, padding, width, out);
        return Ok(true);
    }
    let month = MONTHS[usize::try_from(time.month() - 1).unwrap_or(0)];
    let day = DAYS[usize::try_from(time.weekday().to_sunday_zero_offset()).unwrap_or(0)];
    let noon = time.hour() >= 12;
    let (text, swap_lowers) = match letter {
        'A' => (day.to_owned(), false),
        'a' => (day[..3].to_owned(), false),
        'B' => (month.to_owned(), false),
        'b' | 'h' => (month[..3].to_owned(), false),
        'p' => (if noon { "PM" } else { "AM" }.to_owned(), true),
        'P' => (if noon { "pm" } else { "am" }.to_owned(), false),
        'Z' => (moment.zone_name(), true),
        '%' => ("%".to_owned(), false),
        'n' => ("\n".to_owned(), false),
        't' => ("\t".to_owned(), false),
        'c' => (format(moment, "%a %b %e %H:%M:%S %Y")?, false),
        'D' | 'x' => (format(moment, "%m/%d/%y")?, false),
        'F' => (format(moment, "%Y-%m-%d")?, false),
        'T' | 'X' => (format(moment, "%H:%M:%S")?, false),
        'R' => (format(moment, "%H:%M")?, false),
        'r' => (format(moment, "%I:%M:%S %p")?, false),
        'v' => (format(moment, "%e-%^b-%4Y")?, false),
        'L' | 'N' => {
            write_fraction(moment, flags, letter, out);
            return Ok(true);
        }
        'z' => return Ok(write_offset(moment, flags, out)),
        _ => return Ok(false),
    };
    let composed = "cDFTRrvxX".contains(letter);
    let text = match (flags.swap && !composed, flags.upper) {
        (true, _) if swap_lowers => text.to_lowercase(),
        (true, _) | (_, true) => text.to_uppercase(),
        _ => text,
    };
    let padding = match flags.padding {
        Some(Padding::Zero) => '0',
        _ => ' ',
    };
    let padded = (composed || flags.padding != Some(Padding::None)) && !text.is_empty();
    if padded {
        pad(flags.width.unwrap_or(0), text.chars().count(), padding, out);
    }
    out.push_str(&text);
    Ok(true)
}

/// Value, usual padding and usual width of the directives that print a number.
fn number(moment: &Moment, letter: char) -> Option<(i64, Padding, usize)> {
    let time = &moment.zoned;
    let date = time.date();
    let hour = i64::from(time.hour());
    let weekday = i64::from(time.weekday().to_sunday_zero_offset());
    let year = i64::from(time.year());
    let twelve = (hour + 11) % 12 + 1;
    let day_of_year = i64::from(time.day_of_year());
    let week = date.iso_week_date();
    let years_width = |year: i64| if year < 0 { 5 } else { 4 };
    Some(match letter {
        'C' => (year.div_euclid(100), Padding::Zero, 2),
        'd' => (i64::from(time.day()), Padding::Zero, 2),
        'e' => (i64::from(time.day()), Padding::Space, 2),
        'g' => (i64::from(week.year()).rem_euclid(100), Padding::Zero, 2),
        'G' => (
            i64::from(week.year()),
            Padding::Zero,
            years_width(i64::from(week.year())),
        ),
        'H' => (hour, Padding::Zero, 2),
        'I' => (twelve, Padding::Zero, 2),
        'j' => (day_of_year, Padding::Zero, 3),
        'k' => (hour, Padding::Space, 2),
        'l' => (twelve, Padding::Space, 2),
        'M' => (i64::from(time.minute()), Padding::Zero, 2),
        'm' => (i64::from(time.month()), Padding::Zero, 2),
        'S' => (i64::from(time.second()), Padding::Zero, 2),
        's' => (time.timestamp().as_second(), Padding::Zero, 1),
        'u' => ((weekday + 6) % 7 + 1, Padding::Zero, 1),
        'U' => ((day_of_year + 6 - weekday) / 7, Padding::Zero, 2),
        'V' => (i64::from(week.week()), Padding::Zero, 2),
        'W' => ((day_of_year + 6 - (weekday + 6) % 7) / 7, Padding::Zero, 2),
        'w' => (weekday, Padding::Zero, 1),
        'Y' => (year, Padding::Zero, years_width(year)),
        'y' => (year.rem_euclid(100), Padding::Zero, 2),
        _ => return None,
    })
}

fn write_number(number: i64, flags: Flags, padding: Padding, width: usize, out: &mut String) {
    let padding = flags.padding.unwrap_or(padding);
    let width = match padding {
        Padding::None => 0,
        _ => flags.width.unwrap_or(width),
    };
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "-" } else { "" };
    let length = digits.len() + sign.len();
    if padding == Padding::Space {
        pad(width, length, ' ', out);
        out.push_str(sign);
    } else {
        out.push_str(sign);
        pad(width, length, '0', out);
    }
    out.push_str(&digits);
}

/// The first digits behind the second; as many as the width says.
fn write_fraction(moment: &Moment, flags: Flags, letter: char, out: &mut String) {
    let usual = if letter == 'L' { 3 } else { 9 };
    let width = flags.width.filter(|width| *width > 0).unwrap_or(usual);
    let digits = format!("{:09}", moment.zoned.subsec_nanosecond());
    out.push_str(&digits[..width.min(9)]);
    pad(width, 9, '0', out);
}

fn write_offset(moment: &Moment, flags: Flags, out: &mut String) -> bool {
    if flags.colons > 3 {
        return false;
    }
    let seconds = moment.zoned.offset().seconds();
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    let mut tail = String::new();
    // Writing to a String cannot fail.
    let _ = match flags.colons {
        0 => write!(tail, "{minutes:02}"),
        1 => write!(tail, ":{minutes:02}"),
        3 if seconds % 3600 == 0 => Ok(()),
        3 if seconds % 60 == 0 => write!(tail, ":{minutes:02}"),
        _ => write!(tail, ":{minutes:02}:{:02}", seconds.abs() % 60),
    };
    let sign = if seconds < 0 { '-' } else { '+' };
    let width = flags
        .width
        .unwrap_or(0)
        .saturating_sub(tail.len() + 1)
        .max(2);
    let digits = hours.to_string();
    match flags.padding {
        Some(Padding::Space) => {
            pad(width, digits.len(), ' ', out);
            out.push(sign);
        }
        _ => {
            out.push(sign);
            pad(width, digits.len(), '0', out);
        }
    }
    out.push_str(&digits);
    out.push_str(&tail);
    true
}

fn pad(width: usize, length: usize, sign: char, out: &mut String) {
    for _ in length..width {
        out.push(sign);
    }
}
