//! Ways and gates that are open at some hours only.
//!
//! What a way says with `opening_hours` and `*:conditional` becomes a rule: who
//! may pass at all times, and clauses that change it while their hours hold. A
//! map keeps rules as text; they are read once when it is opened and asked for
//! an instant.

use super::tags::{Access, Unreadable, access_value};
use crate::calendar::{Calendar, Hours};
use crate::circle::osm::Tags;
use crate::clock::Timestamp;
use arc_swap::ArcSwapOption;
use std::cell::RefCell;
use std::sync::Arc;

/// A value of `OpenStreetMap` has 255 characters; a rule is made of up to four.
const LONGEST_RULE: usize = 4_096;

/// Between the parts of a rule's text.
const PART: char = '\u{1e}';

/// A clause in force tells who may pass.
#[derive(Debug)]
struct Clause {
    access: Access,
    /// In force while its hours do not hold.
    unless: bool,
    hours: Hours,
}

/// Who may pass, and until when that is known.
#[derive(Debug, Clone, Copy)]
struct Held {
    from: Timestamp,
    until: Timestamp,
    standing: Standing,
}

/// Who may pass at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    pub access: Access,
    /// When that next changes, where it does in the next months.
    pub change: Option<Timestamp>,
}

/// A rule, ready to be asked.
#[derive(Debug)]
pub(super) struct Rule {
    base: Access,
    clauses: Vec<Clause>,
    held: ArcSwapOption<Held>,
}

impl Rule {
    /// Reads the text that [`rule_text`] wrote; `None` where it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(PART);
        let base = access_of(parts.next()?)?;
        let clauses = parts.map(clause).collect::<Option<Vec<_>>>()?;
        Some(Self {
            base,
            clauses,
            held: ArcSwapOption::empty(),
        })
    }

    /// Whether it is private where no clause says otherwise.
    pub fn is_private(&self) -> bool {
        self.base == Access::Private
    }

    /// Whether it is private at some hours.
    pub fn is_private_at_times(&self) -> bool {
        self.is_private() || self.clauses.iter().any(|clause| clause.access == Access::Private)
    }

    /// Whether at some time nobody passes.
    pub fn may_shut(&self) -> bool {
        self.base == Access::Nobody || self.clauses.iter().any(|clause| clause.access == Access::Nobody)
    }

    /// Who may pass at an instant. What is asked for now is remembered until it
    /// changes.
    pub fn standing(&self, when: &When<'_>) -> Standing {
        if let Some(held) = self.held.load().as_deref()
            && held.from <= when.at
            && when.at < held.until
        {
            return held.standing;
        }
        let mut standing = Standing {
            access: self.base,
            change: None,
        };
        let instant = when.at.to_utc();
        for clause in &self.clauses {
            let state = when.calendar.state(&clause.hours, instant);
            let change = state.next_change.map(Timestamp::from);
            standing.change = match (standing.change, change) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            // Hours that are not known leave things as they are at other times.
            if state.open == Some(!clause.unless) {
                standing.access = clause.access;
            }
        }
        if when.is_now {
            const A_DAY_MICROS: i64 = 86_400_000_000;
            let tomorrow = Timestamp::from_micros(when.at.micros().saturating_add(A_DAY_MICROS));
            self.held.store(Some(Arc::new(Held {
                from: when.at,
                until: standing.change.unwrap_or(tomorrow),
                standing,
            })));
        }
        standing
    }
}

fn access_of(letter: &str) -> Option<Access> {
    match letter {
        "o" => Some(Access::Public),
        "p" => Some(Access::Private),
        "c" => Some(Access::Nobody),
        _ => None,
    }
}

fn letter(access: Access) -> char {
    match access {
        Access::Public => 'o',
        Access::Private => 'p',
        Access::Nobody => 'c',
    }
}

fn clause(part: &str) -> Option<Clause> {
    let access = access_of(part.get(..1)?)?;
    let unless = match part.get(1..2)? {
        "u" => true,
        "w" => false,
        _ => return None,
    };
    Some(Clause {
        access,
        unless,
        hours: Hours::parse(part.get(2..)?).ok()?,
    })
}

/// The rule of a way or gate that at all times may be passed by `base`, and by
/// `unlocked` were it not locked, as text;
/// `None` where its tags name no hours that can be read.
///
/// Later clauses win over earlier ones, and what is said of walking over what is
/// said of everybody.
pub(super) fn rule_text(tags: &Tags, base: Access, unlocked: Access, unreadable: &mut Unreadable) -> Option<String> {
    let mut text = letter(base).to_string();
    let mut add = |access: Access, unless: bool, hours: &str| {
        // A comment in them may hold anything, also what parts the texts of a map.
        let is_good = !hours.contains(char::is_control)
            && text.len() + hours.len() <= LONGEST_RULE
            && Hours::parse(hours).is_ok();
        if is_good {
            text.extend([PART, letter(access), if unless { 'u' } else { 'w' }]);
            text.push_str(hours.trim());
        }
        is_good
    };
    let mut found = false;
    if let Some(hours) = tags.get("opening_hours") {
        let is_good = add(Access::Nobody, true, hours);
        found |= is_good;
        if !is_good {
            unreadable.note("opening_hours");
        }
    }
    // `foot=*` is about walkers at all times and beats conditions for everybody.
    let general: &[&'static str] = if tags.get("foot").is_some() {
        &["foot:conditional"]
    } else {
        &["locked:conditional", "access:conditional", "foot:conditional"]
    };
    for key in general {
        let Some(value) = tags.get(key) else { continue };
        for (said, condition) in clauses_of(value) {
            let access = match (*key, said) {
                ("locked:conditional", "yes") => Some(Access::Nobody),
                ("locked:conditional", "no") => Some(unlocked),
                ("locked:conditional", _) => None,
                _ => access_value(said),
            };
            let is_good = access.is_some_and(|access| add(access, false, condition));
            found |= is_good;
            if !is_good {
                unreadable.note(key);
            }
        }
    }
    found.then_some(text)
}

/// The first letter of a rule that is private unless a clause holds.
pub(super) const PRIVATE_LETTER: char = 'p';

/// Whether a rule lets residents and the like alone pass at some time.
pub(super) fn is_private_sometimes(text: &str) -> bool {
    text.split(PART).any(|part| part.starts_with(PRIVATE_LETTER))
}

/// The rule of what lies behind a gate with this rule: private while the gate is,
/// or is shut.
pub(super) fn behind_gate(text: &str) -> String {
    let parts: Vec<String> = text
        .split(PART)
        .map(|part| match part.strip_prefix('c') {
            Some(rest) => format!("{PRIVATE_LETTER}{rest}"),
            None => part.to_owned(),
        })
        .collect();
    parts.join(&PART.to_string())
}

/// Whether a rule lets anybody pass at some time.
pub(super) fn opens(text: &str) -> bool {
    text.split(PART).any(|part| !part.starts_with('c'))
}

/// The parts of `no @ (20:00-08:00); yes @ (Sa)`, a value and its condition.
fn clauses_of(value: &str) -> Vec<(&str, &str)> {
    let mut depth = 0_i32;
    let is_end = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ';' && depth <= 0
    };
    value
        .split(is_end)
        .map(|part| {
            let (said, condition) = part.split_once('@').unwrap_or((part, ""));
            let condition = condition.trim();
            let inside = condition
                .strip_prefix('(')
                .and_then(|rest| rest.strip_suffix(')'))
                .unwrap_or(condition);
            (said.trim(), inside.trim())
        })
        .collect()
}

/// The instant of a question.
#[derive(Debug, Clone, Copy)]
pub struct When<'a> {
    /// In whose zone and with whose holidays hours are read.
    pub calendar: &'a Calendar,
    /// The instant.
    pub at: Timestamp,
    /// Whether that instant is now, so that what is found is worth keeping.
    pub is_now: bool,
}

/// The rules that one question has met, each asked once.
#[derive(Debug, Default)]
pub(super) struct Met(RefCell<Inner>);

#[derive(Debug, Default)]
struct Inner {
    question: u32,
    answers: Vec<(u32, Access)>,
    change: Option<Timestamp>,
}

impl Met {
    /// Begins a question over so many rules.
    pub fn begin(&self, rules: usize) {
        let mut inner = self.0.borrow_mut();
        inner.question = inner.question.wrapping_add(1);
        if inner.question == 0 || inner.answers.len() != rules {
            inner.answers.clear();
            inner.answers.resize(rules, (0, Access::Public));
            inner.question = 1;
        }
        inner.change = None;
    }

    /// Who may pass by the rule of that number, counted from one; 0 is no rule,
    /// and without an instant everything that is open at some time is open.
    pub fn access(&self, rules: &[Rule], number: u32, when: Option<&When<'_>>) -> Option<Access> {
        let index = number.checked_sub(1)? as usize;
        let when = when?;
        let mut inner = self.0.borrow_mut();
        let question = inner.question;
        let (asked, access) = *inner.answers.get(index)?;
        if asked == question {
            return Some(access);
        }
        let standing = rules.get(index)?.standing(when);
        inner.answers[index] = (question, standing.access);
        inner.change = match (inner.change, standing.change) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Some(standing.access)
    }

    /// When the rule of that number changes, as [`Met::access`] knows it.
    pub fn change_of(&self, rules: &[Rule], number: u32, when: Option<&When<'_>>) -> Option<Timestamp> {
        rules.get(number.checked_sub(1)? as usize)?.standing(when?).change
    }

    /// Takes in a change that was met before.
    pub fn note(&self, change: Timestamp) {
        let mut inner = self.0.borrow_mut();
        inner.change = Some(inner.change.map_or(change, |first| first.min(change)));
    }

    /// When the first of the rules met changes.
    pub fn change(&self) -> Option<Timestamp> {
        self.0.borrow().change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tags: &[(&str, &str)]) -> Option<String> {
        let tags = Tags(tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        rule_text(&tags, Access::Public, Access::Public, &mut Unreadable::default())
    }

    fn access_at(tags: &[(&str, &str)], at: &str) -> Access {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai).expect("tables");
        let rule = Rule::parse(&text(tags).expect("a rule")).expect("its own text");
        rule.standing(&When {
            calendar: &calendar,
            at: at.parse().expect("an instant"),
            is_now: false,
        })
        .access
    }

    const NINE_PM: &str = "2026-03-05T21:00:00+08:00";
    const ELEVEN_PM: &str = "2026-03-05T23:00:00+08:00";
    const NOON: &str = "2026-03-05T12:00:00+08:00";

    #[test]
    fn opening_hours_close_a_way_at_other_times() {
        let park = [("opening_hours", "06:00-22:00")];
        assert_eq!(access_at(&park, NINE_PM), Access::Public);
        assert_eq!(access_at(&park, ELEVEN_PM), Access::Nobody);
    }

    #[test]
    fn conditions_hold_in_their_hours_only() {
        let gate = [("foot:conditional", "no @ (20:00-08:00)")];
        assert_eq!(access_at(&gate, NOON), Access::Public);
        assert_eq!(access_at(&gate, NINE_PM), Access::Nobody);
        let compound = [("access:conditional", "private @ (22:00-06:00); yes @ (06:00-22:00)")];
        assert_eq!(access_at(&compound, NOON), Access::Public);
        assert_eq!(access_at(&compound, ELEVEN_PM), Access::Private);
        let locked = [("locked:conditional", "yes @ (22:00-06:00)")];
        assert_eq!(access_at(&locked, ELEVEN_PM), Access::Nobody);
    }

    #[test]
    fn foot_beats_conditions_for_everybody() {
        assert_eq!(
            text(&[("foot", "yes"), ("access:conditional", "no @ (22:00-06:00)")]),
            None
        );
        let both = [
            ("access:conditional", "no @ (20:00-08:00)"),
            ("foot:conditional", "yes @ (20:00-22:00)"),
        ];
        assert_eq!(access_at(&both, NINE_PM), Access::Public);
        assert_eq!(access_at(&both, ELEVEN_PM), Access::Nobody);
    }

    #[test]
    fn hours_with_marks_of_the_map_file_are_no_hours() {
        for mark in ['\0', PART, '\n'] {
            let hours = format!("Mo-Fr 08:00-10:00 \"by{mark}cw24/7\"");
            assert_eq!(text(&[("opening_hours", &hours)]), None);
        }
        let long = "no @ (24/7);".repeat(1_000);
        let rule = text(&[("access:conditional", &long)]);
        assert!(rule.is_some_and(|rule| rule.len() <= LONGEST_RULE + 2));
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_no_rule() {
        let mut unreadable = Unreadable::default();
        let tags = Tags::from([
            ("opening_hours", "when the keeper comes"),
            ("foot:conditional", "no @ wet"),
        ]);
        assert_eq!(rule_text(&tags, Access::Public, Access::Public, &mut unreadable), None);
        assert_eq!(unreadable.total(), 2);
    }
}
