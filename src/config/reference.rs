//! The reference configuration, written from the doc comments and defaults in `config.rs`.

use super::Config;
use serde_json::Value;

/// The commented reference configuration: every key with its meaning and its default.
pub fn reference() -> String {
    let schema = schemars::schema_for!(Config).to_value();
    let defaults = toml::Value::try_from(Config::default()).expect("the configuration is plain data");
    let mut text = String::from(
        "# The configuration of tendero. Every key has its default here; delete what you leave as it is.\n",
    );
    let sections = schema["properties"].as_object().expect("a configuration has sections");
    for (section, entry) in sections {
        let body = definition(&schema, entry);
        text.push('\n');
        push_comment(&mut text, entry);
        text.push_str(&format!("[{section}]\n"));
        for (key, field) in body["properties"].as_object().expect("a section has keys") {
            push_comment(&mut text, field);
            text.push_str(&format!("{key} = {}\n", plain(&defaults[section.as_str()][key.as_str()])));
        }
    }
    text
}

/// A fraction as a person writes it: 0.8 and not the digits of its 32 bits.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::Float(number) => format!("{:?}", *number as f32),
        other => other.to_string(),
    }
}

/// Follows a section's `$ref` to its definition.
fn definition<'a>(schema: &'a Value, entry: &'a Value) -> &'a Value {
    match entry["$ref"].as_str() {
        Some(path) => schema.pointer(path.trim_start_matches('#')).expect("schemars' references resolve"),
        None => entry,
    }
}

fn push_comment(text: &mut String, entry: &Value) {
    let Some(description) = entry["description"].as_str() else { return };
    for line in description.lines() {
        text.push_str(&format!("# {line}\n").replace("#  ", "# "));
    }
}
