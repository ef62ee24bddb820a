//! How long work is shown: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Work with a name and a measure.
pub struct Progress {
    name: &'static str,
    bar: Option<ProgressBar>,
    tenth: u64,
}

impl Progress {
    /// Begins to show it.
    pub fn new(name: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{msg:20} [{bar:40}] {percent:>3}% {eta}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(name);
            bar
        });
        if bar.is_none() {
            eprintln!("{name} …");
        }
        Self { name, bar, tenth: 0 }
    }

    /// So much of so much is done.
    pub fn at(&mut self, done: u64, total: u64) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(done);
            }
            None if total > 0 => {
                let tenth = done.saturating_mul(10) / total;
                if tenth >= self.tenth + 5 {
                    self.tenth = tenth;
                    eprintln!("{} {} %", self.name, tenth * 10);
                }
            }
            None => {}
        }
    }

    /// Ends it.
    pub fn done(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
