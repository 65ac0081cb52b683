//! `strftime_now`: a moment in local time, given by the host, by the codes of Python's `strftime` in the C locale.

use serde::Deserialize;

/// Local time without a zone, as `datetime.now()` has it.
#[derive(Deserialize)]
pub struct Clock {
    year: i64,
    /// 1 to 12.
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    microsecond: i64,
}

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
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
const DAYS_BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl Clock {
    /// The text for `format`; a code that is not known stays as it is written, as in the C library.
    pub fn format(&self, format: &str) -> String {
        let mut out = String::new();
        let mut chars = format.chars().peekable();
        while let Some(char) = chars.next() {
            if char != '%' {
                out.push(char);
                continue;
            }
            let mut written = String::from("%");
            let mut flag = None;
            while let Some(&next) = chars.peek() {
                if !matches!(next, '-' | '_' | '0' | '^' | '#') {
                    break;
                }
                flag = Some(next);
                written.push(next);
                chars.next();
            }
            let Some(code) = chars.next() else {
                out.push_str(&written);
                break;
            };
            match self.code(code, flag) {
                Some(text) => out.push_str(&text),
                None => {
                    out.push_str(&written);
                    out.push(code);
                }
            }
        }
        out
    }

    fn code(&self, code: char, flag: Option<char>) -> Option<String> {
        let number = |value: i64, width: usize, pad: char| match flag.unwrap_or(pad) {
            '-' => value.to_string(),
            '_' => format!("{value:>width$}"),
            _ if pad == '_' && flag.is_none() => format!("{value:>width$}"),
            _ => format!("{value:0>width$}"),
        };
        let name = |value: &str| if flag == Some('^') { value.to_uppercase() } else { value.to_string() };
        let half = if self.hour % 12 == 0 { 12 } else { self.hour % 12 };
        let noon = if self.hour < 12 { "AM" } else { "PM" };
        let (iso_year, iso_week) = self.iso_week();
        Some(match code {
            'a' => name(&DAYS[self.weekday()][..3]),
            'A' => name(DAYS[self.weekday()]),
            'b' | 'h' => name(&MONTHS[self.month - 1][..3]),
            'B' => name(MONTHS[self.month - 1]),
            'c' => self.format("%a %b %e %H:%M:%S %Y"),
            'C' => number(self.year.div_euclid(100), 2, '0'),
            'd' => number(self.day, 2, '0'),
            'D' | 'x' => self.format("%m/%d/%y"),
            'e' => number(self.day, 2, '_'),
            'f' => format!("{:06}", self.microsecond),
            'F' => self.format("%Y-%m-%d"),
            'g' => number(iso_year.rem_euclid(100), 2, '0'),
            'G' => number(iso_year, 1, '0'),
            'H' => number(self.hour, 2, '0'),
            'I' => number(half, 2, '0'),
            'j' => number(self.day_of_year() + 1, 3, '0'),
            'k' => number(self.hour, 2, '_'),
            'l' => number(half, 2, '_'),
            'm' => number(self.month as i64, 2, '0'),
            'M' => number(self.minute, 2, '0'),
            'n' => "\n".into(),
            'p' => {
                if flag == Some('#') {
                    noon.to_lowercase()
                } else {
                    noon.into()
                }
            }
            'P' => noon.to_lowercase(),
            'r' => self.format("%I:%M:%S %p"),
            'R' => self.format("%H:%M"),
            'S' => number(self.second, 2, '0'),
            't' => "\t".into(),
            'T' | 'X' => self.format("%H:%M:%S"),
            'u' => (if self.weekday() == 0 { 7 } else { self.weekday() }).to_string(),
            'U' => number((self.day_of_year() + 7 - self.weekday() as i64) / 7, 2, '0'),
            'V' => number(iso_week, 2, '0'),
            'w' => self.weekday().to_string(),
            'W' => number((self.day_of_year() + 7 - (self.weekday() as i64 + 6) % 7) / 7, 2, '0'),
            'y' => number(self.year.rem_euclid(100), 2, '0'),
            'Y' => number(self.year, 1, '0'),
            // A time without a zone has neither offset nor name.
            'z' | 'Z' => String::new(),
            '%' => "%".into(),
            _ => return None,
        })
    }

    /// 0 is the first of January.
    fn day_of_year(&self) -> i64 {
        DAYS_BEFORE[self.month - 1] + self.day - 1 + i64::from(self.month > 2 && leap(self.year))
    }

    /// 0 is Sunday.
    fn weekday(&self) -> usize {
        let before = self.year - 1;
        let days = before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
        (days + self.day_of_year() + 1).rem_euclid(7) as usize
    }

    /// Year and week of ISO 8601: a week belongs to the year that holds its Thursday.
    fn iso_week(&self) -> (i64, i64) {
        let from_monday = (self.weekday() as i64 + 6) % 7;
        let thursday = self.day_of_year() - from_monday + 3;
        let length = 365 + i64::from(leap(self.year));
        if thursday < 0 {
            let before = 365 + i64::from(leap(self.year - 1));
            return (self.year - 1, (thursday + before) / 7 + 1);
        }
        if thursday >= length {
            return (self.year + 1, 1);
        }
        (self.year, thursday / 7 + 1)
    }
}
