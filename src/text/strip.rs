//! Text for a strip of paper of the printers that desks have: 32 columns wide.

/// How wide, in columns.
pub const COLUMNS: usize = 32;

/// How many columns a letter takes: Chinese and full-width ones two.
fn width(letter: char) -> usize {
    if letter <= '\u{02ff}' { 1 } else { 2 }
}

/// How many columns a text takes.
pub fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// A line across.
pub fn rule() -> String {
    "-".repeat(COLUMNS)
}

/// The lines of a text, none wider than the strip.
fn wrapped(text: &str) -> Vec<String> {
    let (mut lines, mut line, mut columns) = (Vec::new(), String::new(), 0);
    for letter in text.chars() {
        if columns + width(letter) > COLUMNS {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        line.push(letter);
        columns += width(letter);
    }
    lines.push(line);
    lines
}

/// Lines as one text, what is too wide broken.
pub fn text(lines: &[String]) -> String {
    let wrapped: Vec<String> = lines.iter().flat_map(|line| wrapped(line)).collect();
    wrapped.join("\n") + "\n"
}
