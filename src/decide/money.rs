//! Amounts: integer minor units and an ISO 4217 currency. Never a float.

use crate::understand::search::minor_per_major;
use serde::{Deserialize, Serialize};

/// An amount of money in minor units (cents, bani).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    /// ISO 4217, three capital letters.
    pub currency: String,
}

impl Money {
    pub fn new(minor: i64, currency: impl Into<String>) -> Money {
        Money { minor, currency: currency.into() }
    }

    /// Minor units in one major unit, by the currency's ISO 4217 exponent.
    pub fn minor_per_major(&self) -> i64 {
        minor_per_major(&self.currency)
    }

    /// `12.99`: the number alone, with a point.
    pub fn decimal(&self) -> String {
        let (sign, abs) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        let per = self.minor_per_major().unsigned_abs();
        match per {
            1 => format!("{sign}{abs}"),
            1000 => format!("{sign}{}.{:03}", abs / per, abs % per),
            _ => format!("{sign}{}.{:02}", abs / per, abs % per),
        }
    }
}

impl std::fmt::Display for Money {
    /// `12.99 EUR`: for logs; the spoken form is the wording's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}
