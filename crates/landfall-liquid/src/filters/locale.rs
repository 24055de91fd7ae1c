//! Numbers and amounts of money as countries write them (conventions of the Unicode CLDR).

use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::value::{Number, Value};

pub(super) const SPECS: &[Spec] = &[
    spec("currency", 0, 2, |call| money(call, false)),
    spec("format_number", 0, 1, format_number),
    spec("rounded_currency", 0, 2, |call| money(call, true)),
];

/// How a language, or a language in a country, writes numbers.
struct Locale {
    name: &'static str,
    group: &'static str,
    point: char,
    /// Numbers of four digits before the point are not grouped.
    four_together: bool,
    /// The sign of the currency stands behind the number.
    behind: bool,
    /// A space stands between the sign and the number.
    space: bool,
    /// The usual currency.
    currency: &'static str,
    /// Its sign there, where it differs from the usual one.
    sign: &'static str,
}

const NARROW: &str = "\u{202f}";
const SPACE: &str = "\u{a0}";

/// Name, group, point, four together, currency behind, space, currency, its sign.
type Row = (
    &'static str,
    &'static str,
    char,
    bool,
    bool,
    bool,
    &'static str,
    &'static str,
);

/// The first row of a language is for the language alone.
const LOCALES: &[Row] = &[
    ("en", ",", '.', false, false, false, "USD", "$"),
    ("en-us", ",", '.', false, false, false, "USD", "$"),
    ("en-gb", ",", '.', false, false, false, "GBP", "£"),
    ("en-ca", ",", '.', false, false, false, "CAD", "$"),
    ("en-au", ",", '.', false, false, false, "AUD", "$"),
    ("en-nz", ",", '.', false, false, false, "NZD", "$"),
    ("en-ie", ",", '.', false, false, false, "EUR", "€"),
    ("de", ".", ',', false, true, true, "EUR", "€"),
    ("de-de", ".", ',', false, true, true, "EUR", "€"),
    ("fr", NARROW, ',', false, true, true, "EUR", "€"),
    ("fr-fr", NARROW, ',', false, true, true, "EUR", "€"),
    ("fr-be", NARROW, ',', false, true, true, "EUR", "€"),
    ("fr-ca", SPACE, ',', false, true, true, "CAD", "$"),
    ("es", ".", ',', true, true, true, "EUR", "€"),
    ("es-es", ".", ',', true, true, true, "EUR", "€"),
    ("es-mx", ",", '.', false, false, false, "MXN", "$"),
    ("it", ".", ',', true, true, true, "EUR", "€"),
    ("it-it", ".", ',', true, true, true, "EUR", "€"),
    ("pt", ".", ',', false, false, true, "BRL", "R$"),
    ("pt-br", ".", ',', false, false, true, "BRL", "R$"),
    ("pt-pt", SPACE, ',', true, true, true, "EUR", "€"),
    ("da", ".", ',', false, true, true, "DKK", "kr."),
    ("da-dk", ".", ',', false, true, true, "DKK", "kr."),
    ("pl", SPACE, ',', true, true, true, "PLN", "zł"),
    ("pl-pl", SPACE, ',', true, true, true, "PLN", "zł"),
    ("cs", SPACE, ',', false, true, true, "CZK", "Kč"),
    ("cs-cz", SPACE, ',', false, true, true, "CZK", "Kč"),
    ("ru", SPACE, ',', false, true, true, "RUB", "₽"),
    ("ru-ru", SPACE, ',', false, true, true, "RUB", "₽"),
    ("uk", SPACE, ',', false, true, true, "UAH", "₴"),
    ("uk-ua", SPACE, ',', false, true, true, "UAH", "₴"),
    ("tr", ".", ',', false, false, false, "TRY", "₺"),
    ("tr-tr", ".", ',', false, false, false, "TRY", "₺"),
    ("ja", ",", '.', false, false, false, "JPY", "￥"),
    ("ja-jp", ",", '.', false, false, false, "JPY", "￥"),
    ("ko", ",", '.', false, false, false, "KRW", "₩"),
    ("ko-kr", ",", '.', false, false, false, "KRW", "₩"),
    ("zh", ",", '.', false, false, false, "CNY", "¥"),
    ("zh-cn", ",", '.', false, false, false, "CNY", "¥"),
];

/// The currencies whose signs are known everywhere; any other is written by its code, unless it is at home.
const CURRENCIES: [&str; 6] = ["USD", "EUR", "GBP", "JPY", "CAD", "AUD"];

/// How a language, or a language in a country, writes these currencies.
const SIGNS: &[(&str, [&str; 6])] = &[
    ("en", ["$", "€", "£", "¥", "CA$", "A$"]),
    ("en-us", ["$", "€", "£", "¥", "CA$", "A$"]),
    ("en-gb", ["US$", "€", "£", "JP¥", "CA$", "A$"]),
    ("en-ca", ["US$", "€", "£", "JP¥", "$", "A$"]),
    ("en-au", ["USD", "EUR", "GBP", "JPY", "CAD", "$"]),
    ("en-nz", ["US$", "€", "£", "JP¥", "CA$", "A$"]),
    ("en-ie", ["US$", "€", "£", "JP¥", "CA$", "A$"]),
    ("de", ["$", "€", "£", "¥", "CA$", "AU$"]),
    ("fr", ["$US", "€", "£GB", "JPY", "$CA", "$AU"]),
    ("fr-ca", ["$\u{a0}US", "€", "£", "¥", "$", "$\u{a0}AU"]),
    ("es", ["US$", "€", "GBP", "JPY", "CAD", "AUD"]),
    ("es-mx", ["USD", "EUR", "GBP", "JPY", "CAD", "AUD"]),
    ("it", ["USD", "€", "£", "JPY", "CA$", "A$"]),
    ("pt", ["US$", "€", "£", "JP¥", "CA$", "AU$"]),
    ("da", ["US$", "€", "£", "JP¥", "CA$", "AU$"]),
    ("pl", ["USD", "€", "GBP", "JPY", "CAD", "AUD"]),
    ("cs", ["US$", "€", "£", "JP¥", "CA$", "AU$"]),
    ("ru", ["$", "€", "£", "¥", "CA$", "A$"]),
    ("uk", ["USD", "EUR", "GBP", "¥", "CAD", "AUD"]),
    ("tr", ["$", "€", "£", "¥", "CA$", "AU$"]),
    ("ja", ["$", "€", "£", "￥", "CA$", "A$"]),
    ("ko", ["US$", "€", "£", "JP¥", "CA$", "AU$"]),
    ("zh", ["US$", "€", "£", "JP¥", "CA$", "AU$"]),
];

/// Currencies without a smaller coin.
const WHOLE: &[&str] = &[
    "CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF",
];

fn locale(value: Option<&Value<'_>>) -> Result<Locale, RenderError> {
    let wanted = value.map_or("en".into(), Value::to_text);
    let name = wanted.trim().replace('_', "-").to_ascii_lowercase();
    let row = LOCALES
        .iter()
        .find(|row| row.0 == name)
        .ok_or_else(|| RenderError::argument(format!("the locale '{wanted}' is not known")))?;
    let (name, group, point, four_together, behind, space, currency, sign) = *row;
    Ok(Locale {
        name,
        group,
        point,
        four_together,
        behind,
        space,
        currency,
        sign,
    })
}

/// The digits of a number, grouped, with at least and at most so many behind the point.
fn digits(
    number: Number,
    locale: &Locale,
    least: usize,
    most: u32,
) -> Result<(bool, String), RenderError> {
    let too_large = || RenderError::argument("the number cannot be written out");
    let (mantissa, scale) = number.round(i128::from(most))?.decimal().unwrap_or((0, 0));
    let unit = 10_u128.checked_pow(scale).ok_or_else(too_large)?;
    let (whole, broken) = (
        mantissa.unsigned_abs() / unit,
        mantissa.unsigned_abs() % unit,
    );
    let whole = whole.to_string();
    let width = usize::try_from(scale).unwrap_or(0);
    let mut broken = match width {
        0 => String::new(),
        width => format!("{broken:0width$}"),
    };
    while broken.len() > least && broken.ends_with('0') {
        broken.pop();
    }
    while broken.len() < least {
        broken.push('0');
    }
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left % 3 == 0 && !(locale.four_together && whole.len() == 4) {
            out.push_str(locale.group);
        }
        out.push(digit);
    }
    if !broken.is_empty() {
        out.push(locale.point);
        out.push_str(&broken);
    }
    Ok((mantissa < 0, out))
}

fn finite(value: &Value<'_>) -> Result<Number, RenderError> {
    match Number::of(value) {
        number if number.decimal().is_some() => Ok(number),
        // What was rounded to a negative zero.
        Number::Float(0.0) => Ok(Number::Int(0)),
        _ => Err(RenderError::argument("the number cannot be written out")),
    }
}

/// `1,234.5`: up to three digits behind the point.
fn format_number<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let locale = locale(call.optional(0))?;
    let (negative, digits) = digits(finite(&call.input)?, &locale, 0, 3)?;
    let sign = if negative { "-" } else { "" };
    Ok(Value::text(format!("{sign}{digits}")))
}

/// `$1,234.50`; rounded to whole units when wanted.
fn money<'a>(call: &mut Call<'_, 'a>, rounded: bool) -> Outcome<'a> {
    let locale = locale(call.optional(0))?;
    let currency = match call.optional(1) {
        Some(code) => code.to_text().trim().to_ascii_uppercase(),
        None => locale.currency.to_owned(),
    };
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(RenderError::argument(format!(
            "'{currency}' is no currency; write a code such as EUR"
        )));
    }
    let places = match rounded || WHOLE.contains(&&*currency) {
        true => 0,
        false => 2,
    };
    let (negative, digits) = digits(finite(&call.input)?, &locale, places as usize, places)?;
    let minus = if negative { "-" } else { "" };
    let sign = sign_of(&currency, &locale);
    // Letters do not touch digits.
    let space = if locale.space || sign.ends_with(char::is_alphabetic) {
        SPACE
    } else {
        ""
    };
    Ok(Value::text(match locale.behind {
        true => format!("{minus}{digits}{space}{sign}"),
        false => format!("{minus}{sign}{space}{digits}"),
    }))
}

fn sign_of(currency: &str, locale: &Locale) -> String {
    if currency == locale.currency {
        return locale.sign.to_owned();
    }
    let language = locale.name.split('-').next().unwrap_or_default();
    let row = SIGNS.iter().find(|(name, _)| *name == locale.name);
    let row = row.or_else(|| SIGNS.iter().find(|(name, _)| *name == language));
    let place = CURRENCIES.iter().position(|known| *known == currency);
    match (row, place) {
        (Some((_, signs)), Some(place)) => signs[place].to_owned(),
        _ => currency.to_owned(),
    }
}
