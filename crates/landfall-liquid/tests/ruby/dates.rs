//! Dates and patterns that the generator writes.

use super::Generator;
use crate::data;
use rand::Rng as _;

impl Generator {
    pub(super) fn date_input(&mut self) -> String {
        let epoch = match self.below(3) {
            0 => self.rng.random_range(-2_000_000_000_i64..4_000_000_000),
            1 => self.rng.random_range(0..2_000_000_000_i64),
            _ => data::whole(&mut self.rng),
        };
        let other = self.pick(&[
            "'now'", "'today'", "'NOW'", "nothing", "''", "'hello'", "yes", "1.5", "numbers",
        ]);
        let (date, time) = (self.written_date(), self.written_time());
        match self.below(12) {
            0 | 1 => format!("{epoch}"),
            2 => format!("'{}'", epoch.abs()),
            3 => other.to_owned(),
            4 => {
                let (year, month) = (self.year(), self.rng.random_range(1..13));
                format!("'{year}-{month:02}-{}'", self.rng.random_range(29..32))
            }
            5 => format!("'{date}'"),
            6 => format!("'{time}'"),
            7 | 8 => self.standard_time(),
            _ => format!("'{date} {time}'"),
        }
    }

    fn year(&mut self) -> u32 {
        self.rng.random_range(1970..2038)
    }

    fn month_name(&mut self) -> &'static str {
        self.pick(&[
            "jan", "Feb", "MAR", "April", "May", "june", "July", "Aug", "sept", "October", "nov",
            "December",
        ])
    }

    fn written_date(&mut self) -> String {
        // Ruby takes 31 September for 1 October, but with an offset for 30 September.
        let (year, month, day) = (self.year(), 1 + self.below(12), 1 + self.below(28));
        let name = self.month_name();
        match self.below(9) {
            0 => format!("{year}-{month:02}-{day:02}"),
            1 => format!("{year}/{month:02}/{day:02}"),
            2 => format!("{day} {name} {year}"),
            3 => format!("{name} {day}, {year}"),
            4 => format!("{name} {day} {year}"),
            5 => format!("{year}-{month}-{day}"),
            6 => format!("{year}{month:02}{day:02}"),
            7 => format!("{name} {year}"),
            _ => format!("{day}/{month}/{year}"),
        }
    }

    fn written_time(&mut self) -> String {
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        let (half, noon) = (hour % 12 + 1, self.pick(&["am", "PM"]));
        match self.below(8) {
            0 => format!("{hour:02}:{minute:02}"),
            1 => format!("{hour:02}:{minute:02}:{second:02}"),
            2 => format!("{hour:02}:{minute:02}:{second:02}.{}", self.below(1000)),
            3 => format!("{half}:{minute:02} {noon}"),
            4 => format!("{half}{noon}"),
            5 => {
                let zone = self.pick(&["+0200", "-05:30", "UTC", "GMT", "EST", "PDT"]);
                format!("{hour:02}:{minute:02}:{second:02} {zone}")
            }
            6 => format!("{hour:02}:{minute:02} +00:00"),
            _ => format!("{hour:02}:{minute:02}:{second:02}Z"),
        }
    }

    /// As ISO 8601 and RFC 2822 have it.
    fn standard_time(&mut self) -> String {
        let (year, month, day) = (self.year(), 1 + self.below(12), 1 + self.below(28));
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        let clock = format!("{hour:02}:{minute:02}:{second:02}");
        if self.chance(0.5) {
            let zone = self.pick(&["Z", "", "+02:00", "-0800", ".123Z"]);
            return format!("'{year}-{month:02}-{day:02}T{clock}{zone}'");
        }
        let (weekday, name) = (self.pick(&["Mon", "Tue", "Sun"]), self.month_name());
        let zone = self.pick(&["+0000", "GMT", "-0700"]);
        format!("'{weekday}, {day:02} {name} {year} {clock} {zone}'")
    }

    pub(super) fn date_pattern(&mut self) -> String {
        let count = 1 + self.below(5);
        let mut pattern = String::new();
        for _ in 0..count {
            pattern.push('%');
            // The offset is left alone: of a time written with Z, Ruby prints -0000 for `%-z`.
            if self.chance(0.15) {
                pattern.push_str(self.pick(&["z", ":z", "::z"]));
                continue;
            }
            if self.chance(0.35) {
                pattern.push_str(self.pick(&["-", "0", "_", "^", "#", "-", "^", "_"]));
            }
            if self.chance(0.15) {
                pattern.push_str(self.pick(&["3", "5", "10", "1"]));
            }
            pattern.push_str(self.pick(&[
                "a", "A", "b", "B", "h", "c", "C", "d", "e", "D", "F", "g", "G", "H", "I", "j",
                "k", "l", "L", "m", "M", "n", "N", "p", "P", "r", "R", "s", "S", "t", "T", "u",
                "U", "v", "V", "w", "W", "x", "X", "y", "Y", "Z", "%", "Q", "E", "Ey", "Od", "+",
                "i",
            ]));
            pattern.push_str(self.pick(&["", " ", "/", "-", ", ", "é"]));
        }
        // `%}` would end a tag, and two percent signs at the end may leave one alone.
        pattern + "."
    }
}
