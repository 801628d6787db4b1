//! `models/models.toml`: every model with its source, sum, licence and boards, and what to install where.

use super::is_sum;
use crate::understand::Lang;
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEXT: &str = include_str!("../../models/models.toml");

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "model")]
    pub models: Vec<Model>,
    /// Language → memory of the board in MB → names of models.
    pub recommended: BTreeMap<Lang, BTreeMap<String, Vec<String>>>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    pub does: String,
    /// ISO 639-1, or `any`.
    pub languages: Vec<String>,
    /// As in the configuration.
    pub engine: String,
    pub source: String,
    /// Part of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_repository: Option<String>,
    /// Where something else puts it: a package, or the set-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_in: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_by: Option<String>,
    /// SPDX.
    pub licence: String,
    pub boards: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// What `tendero models pull` fetches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Relative to the model's folder.
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// An archive or a single file somewhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    pub url: String,
    /// Unknown: whatever it has, up to [`MAX_BYTES`](super::fetch::MAX_BYTES).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Unknown: whoever pulls it has to name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Manifest {
    /// The one that is compiled in.
    ///
    /// # Errors
    /// A fault of ours, which a test would have found.
    pub fn built_in() -> anyhow::Result<Manifest> {
        Manifest::parse(TEXT).context("the manifest of models that is built in can't be used; please report it")
    }

    fn parse(text: &str) -> anyhow::Result<Manifest> {
        let manifest: Manifest = toml::from_str(text)?;
        for (at, model) in manifest.models.iter().enumerate() {
            let name = &model.name;
            ensure!(super::store::is_name(name), "\"{name}\" is no name of a model");
            ensure!(manifest.models[..at].iter().all(|m| m.name != *name), "{name} is there twice");
            ensure!(
                model.licence_is_free(),
                "{name} has the licence {}, under which it may not be sold with",
                model.licence
            );
            let sums = model.files.iter().map(|f| &f.sha256);
            let download = model.download.iter().filter_map(|d| d.sha256.as_ref());
            ensure!(sums.chain(download).all(|s| is_sum(s)), "{name} has a sum that is none");
            let places = [model.in_repository.is_some(), model.installed_in.is_some(), model.download.is_some()];
            ensure!(places.iter().filter(|is| **is).count() == 1, "{name} is in no place, or in two");
        }
        for (lang, sets) in &manifest.recommended {
            for name in sets.values().flatten() {
                let model = manifest.model(name).with_context(|| format!("{name} is recommended and not there"))?;
                ensure!(model.speaks(*lang), "{name} is recommended for {lang}, which it does not know");
            }
        }
        Ok(manifest)
    }

    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// For which languages and boards it is recommended: `en 512, en 1024`.
    pub fn recommended_for(&self, name: &str) -> Vec<String> {
        let sets = self.recommended.iter().flat_map(|(lang, sets)| sets.iter().map(move |(mb, set)| (lang, mb, set)));
        let mut found: Vec<(Lang, u32)> = sets
            .filter(|(_, _, set)| set.iter().any(|n| n == name))
            .filter_map(|(lang, mb, _)| Some((*lang, mb.parse().ok()?)))
            .collect();
        found.sort();
        found.into_iter().map(|(lang, mb)| format!("{lang} {mb}")).collect()
    }
}

impl Model {
    pub fn speaks(&self, lang: Lang) -> bool {
        let code = lang.to_string();
        self.languages.iter().any(|l| *l == code || l == "any")
    }

    fn licence_is_free(&self) -> bool {
        !self.licence.is_empty() && !self.licence.contains("NC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_set_for_every_board() {
        let manifest = Manifest::built_in().unwrap();
        for lang in [Lang::En, Lang::Es, Lang::Ro] {
            let boards: Vec<&str> = manifest.recommended[&lang].keys().map(String::as_str).collect();
            assert_eq!(boards, ["1024", "4096", "512"], "{lang}");
        }
        assert_eq!(manifest.recommended_for("vosk-model-small-en-us-0.15"), ["en 1024", "en 4096"]);
    }

    #[test]
    fn faults_are_named() {
        let row = |licence: &str, more: &str| {
            format!(
                "[recommended]\n[[model]]\nname = \"m\"\ndoes = \"\"\nlanguages = []\nengine = \"vosk\"\nsource = \"\"\nboards = []\nlicence = \"{licence}\"\n{more}"
            )
        };
        Manifest::parse(&row("MIT", "in_repository = \"x\"")).unwrap();
        for (text, says) in [
            (row("CC-BY-NC-4.0", "in_repository = \"x\""), "licence"),
            (row("MIT", ""), "no place"),
            (row("MIT", "download = { url = \"https://x/\", sha256 = \"123\" }"), "a sum"),
            (row("MIT", "in_repository = \"x\"").replace("[recommended]", "recommended.en.512 = [\"z\"]"), "not there"),
            (
                row("MIT", "in_repository = \"x\"").replace("[recommended]", "recommended.en.512 = [\"m\"]"),
                "does not know",
            ),
        ] {
            let why = format!("{:#}", Manifest::parse(&text).unwrap_err());
            assert!(why.contains(says), "{why}");
        }
    }
}
