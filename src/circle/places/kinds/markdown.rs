//! The table of kinds for the documents.

use super::{Category, Kind, Kinds};

impl Kinds {
    /// The table as Markdown, for `docs/categories.md`.
    #[must_use]
    pub fn markdown(&self) -> String {
        let heads = Category::ALL.into_iter().map(|category| {
            let rows: String = self
                .all()
                .iter()
                .filter(|kind| kind.category == category)
                .map(row)
                .collect();
            format!(
                "\n## {} {}, {} (`{}`)\n\n| kind | 中文 | English | OpenStreetMap |\n| --- | --- | --- | --- |\n{rows}",
                category.zh(),
                category.zh_word(),
                category.en(),
                category.code(),
            )
        });
        let start = "# Categories and kinds\n\nMade from `data/osm-categories.toml`, whose header explains the rules; a test keeps the two equal.\n";
        std::iter::once(start.to_owned()).chain(heads).collect()
    }
}

fn row(kind: &Kind) -> String {
    let rules: Vec<String> = kind
        .osm
        .iter()
        .map(|rule| format!("`{}`", rule.replace('|', "\\|")))
        .collect();
    let rules = if rules.is_empty() {
        "–".to_owned()
    } else {
        rules.join("<br>")
    };
    format!("| `{}` | {} | {} | {rules} |\n", kind.code, kind.zh, kind.en)
}
