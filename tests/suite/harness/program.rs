//! The program, as a test calls it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The program with the settings of a world, in its folder.
#[derive(Clone)]
pub struct Program {
    /// Where it runs.
    pub folder: PathBuf,
    /// Its environment.
    pub settings: Vec<(String, String)>,
}

impl Program {
    /// The same with further settings; an empty value takes a setting away.
    #[must_use]
    pub fn with(&self, settings: &[(&str, &str)]) -> Self {
        let mut program = self.clone();
        for (name, value) in settings {
            program.settings.retain(|(known, _)| known != name);
            if !value.is_empty() {
                program.settings.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        program
    }

    /// A command that is not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegrid"));
        let kept = ["PATH", "HOME", "TMPDIR"];
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the program runs");
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Ran {
    /// That it did what it was told.
    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It must have failed, and said all of this.
    #[track_caller]
    pub fn failed_with(&self, words: &[&str]) -> &Self {
        assert!(self.code != Some(0), "{self:?}");
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "{word}: {self:?}");
        }
        self
    }
}
