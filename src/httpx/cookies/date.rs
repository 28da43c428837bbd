//! The dates of the Expires attribute, in all forms that servers have ever sent (RFC 6265 §5.1.1): a time, a day, a
//! month and a year, in any order that leaves no doubt, between anything else. Time zones are not read: all is UTC.

/// Seconds since 1970; `None` for what is no date.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let mut date = Parts::default();
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        date.take(token);
    }
    date.to_unix()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

#[derive(Default)]
struct Parts {
    time: Option<[i64; 3]>,
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
}

impl Parts {
    /// Each token fills the first place that it fits into and that is still free.
    fn take(&mut self, token: &[u8]) {
        if self.time.is_none() {
            self.time = time(token);
            if self.time.is_some() {
                return;
            }
        }
        if self.day.is_none() {
            self.day = number(token, 1, 2);
            if self.day.is_some() {
                return;
            }
        }
        if self.month.is_none() {
            self.month = month(token);
            if self.month.is_some() {
                return;
            }
        }
        if self.year.is_none() {
            self.year = number(token, 2, 4).map(|year| match year {
                0..=69 => year + 2000,
                70..=99 => year + 1900,
                _ => year,
            });
        }
    }

    fn to_unix(&self) -> Option<i64> {
        let [hour, minute, second] = self.time?;
        let (day, month, year) = (self.day?, self.month?, self.year?);
        let exists = (1..=days_of(month, year)).contains(&day);
        if !exists || year < 1601 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
    }
}

/// `1*2DIGIT ":" 1*2DIGIT ":" 1*2DIGIT [ non-digit *OCTET ]`
fn time(token: &[u8]) -> Option<[i64; 3]> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let mut exact = || {
        let field = fields.next()?;
        field.iter().all(u8::is_ascii_digit).then(|| number(field, 1, 2))?
    };
    let (hour, minute) = (exact()?, exact()?);
    Some([hour, minute, number(fields.next()?, 1, 2)?])
}

/// `min*maxDIGIT [ non-digit *OCTET ]`
fn number(token: &[u8], min: usize, max: usize) -> Option<i64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < min || digits > max {
        return None;
    }
    Some(token[..digits].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// From 1 to 12. What comes behind three letters does not matter.
fn month(token: &[u8]) -> Option<i64> {
    const NAMES: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let name = token.get(..3)?.to_ascii_lowercase();
    (1..).zip(NAMES).find_map(|(month, known)| (known == name).then_some(month))
}

fn days_of(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the Gregorian calendar. Years are counted from March, so that the leap day is their last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before_month = (153 * month + 2) / 5;
    // 1 January 1970 is that day, if 1 March of the year 0 is the first.
    365 * year + leap_days + days_before_month + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 18 April 2007, 22:50:12 UTC.
    const WEDNESDAY: i64 = 1_176_936_612;
    /// 15 April 2017, 21:01:22 UTC.
    const SATURDAY: i64 = 1_492_290_082;

    #[test]
    fn d14_the_three_dates_of_http_are_read() {
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(date.as_bytes()), Some(784_111_777), "{date}");
        }
    }

    #[test]
    fn d14_the_order_and_what_is_between_do_not_matter() {
        for date in [
            "Wed,18-Apr-07 22:50:12 GMT",
            "WillyWonka  ,  18-apr-07   22:50:12",
            "Partyday, 18- April-07 22:50:12",
            "Partyday, 18 - Apri-07 22:50:12",
            "22:50:12 Thu Apr 18 2007 GMT",
            "Thu Apr 22:50:12 18 2007 GMT",
            "Thu Apr 18 2007 GMT 22:50:12",
            "2007 April 18 22:50:12",
            "18/Apr\\2007 22:50:12",
            "18th april;2007AD[22:50:12Z",
        ] {
            assert_eq!(parse(date.as_bytes()), Some(WEDNESDAY), "{date}");
        }
    }

    #[test]
    fn d14_zones_and_rubbish_behind_the_date_are_not_read() {
        for end in ["", " GMT-2", " GMT BLAH", " GMT-0400 (EDT)", " -0400", " (hello there)", " 11:22:33", " \u{e9}"] {
            let date = format!("Sat, 15-Apr-17 21:01:22{end}");
            assert_eq!(parse(date.as_bytes()), Some(SATURDAY), "{date}");
        }
        for date in [
            "\"Sat, 15-Apr-17\\\"21:01:22\\\"GMT\"",
            "Sat, 15-Apr-17 ::00 21:01:22",
            "Sat, 15-Apr-17 boink:z 21:01:22",
            "15-Sat, Apr 21:01:22 GMT 17",
            "15 17 Apr 21:01:22",
            "Apr 15 21:01:22 17",
        ] {
            assert_eq!(parse(date.as_bytes()), Some(SATURDAY), "{date}");
        }
    }

    #[test]
    fn d14_two_digits_are_a_year_from_1970_to_2069() {
        for (year, seconds) in [("70", 0), ("99", 915_148_800), ("00", 946_684_800), ("69", 3_124_224_000)] {
            assert_eq!(parse(format!("1 Jan {year} 0:0:0").as_bytes()), Some(seconds), "{year}");
        }
        assert_eq!(parse(b"29 Feb 2000 23:59:59"), Some(951_868_799));
        assert_eq!(parse(b"1 Jan 1601 00:00:00"), Some(-11_644_473_600));
        assert_eq!(parse(b"31 Dec 9999 23:59:59"), Some(253_402_300_799));
    }

    #[test]
    fn d14_what_is_no_date_is_refused() {
        for date in [
            "",
            "IAintNoDateFool",
            "98 April 17 21:01:22",
            "Thu, 012-Aug-2008 20:49:07 GMT",
            "Thu, 12-Aug-31841 20:49:07 GMT",
            "Thu, 999999999999-Aug-2007 20:49:07 GMT",
            "Thu, 12-Aug-2007 20:61:99999999999 GMT",
            "Sat, 15-Apr-17 91:22:33 21:01:22",
            "Mon, 01-Jan-2011 00: 00:00 GMT",
            "1 Jan 2011 24:00:00",
            "1 Jan 2011 23:60:00",
            "1 Jan 2011 23:59:60",
            "0 Jan 2011 00:00:00",
            "32 Jan 2011 00:00:00",
            "29 Feb 2001 00:00:00",
            "29 Feb 1900 00:00:00",
            "31 Apr 2011 00:00:00",
            "1 Jan 1600 00:00:00",
            "1 Jän 2011 00:00:00",
            "1 Jan 00:00:00",
            "2011 Jan 00:00:00",
        ] {
            assert_eq!(parse(date.as_bytes()), None, "{date}");
        }
    }
}
