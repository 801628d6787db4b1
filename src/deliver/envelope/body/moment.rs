//! A moment on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment as RFC 3339 text in UTC, milliseconds at the finest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    /// Milliseconds since 1970.
    pub unix_ms: i64,
}

impl Moment {
    pub fn new(unix_ms: i64) -> Moment {
        Moment { unix_ms }
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> String {
        // A moment outside the years that RFC 3339 knows can only come from a broken clock.
        crate::deliver::envelope::rfc3339(moment.unix_ms).unwrap_or_else(|| "1970-01-01T00:00:00Z".into())
    }
}

impl TryFrom<String> for Moment {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at: jiff::Timestamp = text.parse().map_err(|e: jiff::Error| e.to_string())?;
        Ok(Moment { unix_ms: at.as_millisecond() })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339 in UTC, at most milliseconds"})
    }
}
