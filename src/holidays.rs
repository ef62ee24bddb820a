//! The calendar that the configuration asks for: the built-in tables of
//! holidays, and a city's own before them.

use crate::calendar::Calendar;
use crate::config::Config;

/// The calendar of the configured zone, with the tables of the configured folder.
pub fn calendar(config: &Config) -> Result<Calendar, String> {
    let mut calendar = Calendar::new(config.zone).map_err(|error| error.to_string())?;
    let Some(folder) = &config.holidays else {
        return Ok(calendar);
    };
    let fault = |error: &dyn std::fmt::Display| format!("ONEGRID_HOLIDAYS: {}: {error}", folder.display());
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(|error| fault(&error))?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name();
        let name = name.to_string_lossy();
        let year = name.strip_prefix("cn-").and_then(|rest| rest.strip_suffix(".csv"));
        let Some(year) = year.and_then(|year| year.parse().ok()) else {
            continue;
        };
        let text = std::fs::read_to_string(file.path()).map_err(|error| fault(&error))?;
        calendar = calendar.with_table(year, &text).map_err(|error| fault(&error))?;
    }
    Ok(calendar)
}
