//! The commands that a person is told to type.

use std::path::PathBuf;

/// How this program is called so that it means the same speaker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shell {
    /// `None`: where every command looks for it.
    pub config: Option<PathBuf>,
    /// Another user's files are concerned.
    pub sudo: bool,
}

impl Shell {
    /// `words`: a subcommand with its arguments.
    pub fn tendero(&self, words: &str) -> String {
        let sudo = if self.sudo { "sudo " } else { "" };
        let config = self.config.as_ref().map_or_else(String::new, |path| format!(" --config {}", path.display()));
        format!("{sudo}tendero {words}{config}")
    }
}
