//! Changes single values of a configuration file, and leaves its comments and all else as they are.

use super::{Config, ConfigError, reference};
use anyhow::Context;
use std::io::ErrorKind;
use std::path::Path;
use toml_edit::{DocumentMut, Item, Table, Value};

/// Sets each (section, key) to its value. A file that is not there begins as the commented reference. What comes out is
/// checked before it takes the place of what was there.
///
/// # Errors
/// The file can't be read or written, or is no configuration, before or after the change; it stays as it was then.
pub fn set(path: &Path, values: &[(&str, &str, String)]) -> anyhow::Result<()> {
    let (text, is_new) = match std::fs::read_to_string(path) {
        Ok(text) => (text, false),
        Err(why) if why.kind() == ErrorKind::NotFound => (reference(), true),
        Err(why) => return Err(ConfigError::Read { path: path.into(), why }.into()),
    };
    let changed = changed(&text, values).with_context(|| format!("{} can't be changed", path.display()))?;
    Config::parse(&changed, path)?;
    let written =
        if is_new { std::fs::write(path, &changed) } else { crate::private_file::replace(path, changed.as_bytes()) };
    written.with_context(|| format!("can't write {}; run this as the user whose file it is", path.display()))
}

fn changed(text: &str, values: &[(&str, &str, String)]) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    for (section, key, value) in values {
        let section = document.entry(section).or_insert(Item::Table(Table::new()));
        let section = section.as_table_like_mut().context("a section is no table")?;
        let mut value = Value::from(value.as_str());
        // The comments before the key and behind the old value stay.
        match section.get_mut(key) {
            Some(Item::Value(old)) => {
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            Some(_) | None => drop(section.insert(key, Item::Value(value))),
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[home]\nname = \"home\" # ours\nlanguage = \"es\"\n\n[policy]\nchildren_up = true\n";

    #[test]
    fn values_change_and_all_else_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tendero.toml");
        std::fs::write(&path, FILE).unwrap();
        set(&path, &[("home", "name", "casa".into()), ("shop", "name", "corner".into())]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\n[home]\nname = \"casa\" # ours\nlanguage = \"es\"\n"), "{text}");
        assert!(text.contains("children_up = true"), "{text}");
        let config = Config::load(&path).unwrap();
        assert_eq!((config.home.name.as_str(), config.shop.name.as_str()), ("casa", "corner"));
    }

    #[test]
    fn a_file_that_is_not_there_begins_as_the_reference() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tendero.toml");
        set(&path, &[("home", "device", "bath".into())]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, reference().replace("device = \"kitchen\"", "device = \"bath\""));
    }

    #[test]
    fn what_would_be_no_configuration_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tendero.toml");
        for (text, value) in
            [(FILE, "no such/name"), ("[home\n", "casa"), ("home = 1\n", "casa"), ("nonsense = 1\n", "casa")]
        {
            std::fs::write(&path, text).unwrap();
            assert!(set(&path, &[("home", "name", value.into())]).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
