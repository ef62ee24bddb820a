//! A walk in words, step by step.
//!
//! Stretches of one street are one step, unless the street turns a corner. What is
//! too short to notice joins the step before. Metres are rounded as one would say
//! them; the figures beside the words are not.

mod phrases;
#[cfg(test)]
mod tests;

use crate::language::Language;

/// A stretch of a plain way shorter than this is not worth a step.
const UNNOTICED_M: f64 = 10.0;
/// A leg off the street shorter than this is not worth a word.
const LEG_M: f64 = 5.0;
/// A street that bends by less is the same step.
const BEND: f64 = 60.0;
/// The same for a way without a name.
const NAMELESS_BEND: f64 = 35.0;

/// What is walked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A street, or a way beside one.
    Street,
    /// A footpath.
    Path,
    /// A square or another area.
    Square,
    /// The inside of a building, or a way through one.
    Passage,
    /// A way underground.
    Tunnel,
    /// A bridge.
    Bridge,
    /// A way for those who live or work there.
    Private,
    /// Stairs: how many steps, and whether they lead up, where that is known.
    Steps {
        /// How many steps.
        count: Option<u32>,
        /// Whether up.
        up: Option<bool>,
    },
    /// Stairs or a belt that move by themselves.
    Escalator,
    /// A marked crossing over a street.
    Crossing {
        /// Whether one waits at a light there.
        signals: bool,
    },
    /// A lift.
    Lift,
    /// A ferry.
    Ferry,
    /// Straight over open ground, from the origin to the street.
    ToStreet,
    /// The same, from the street to the door.
    ToDoor,
    /// In a straight line, where there is no street.
    Straight,
}

impl Way {
    /// Whether one simply walks there and follows it.
    pub(super) fn is_plain(self) -> bool {
        matches!(
            self,
            Self::Street | Self::Path | Self::Square | Self::Passage | Self::Tunnel | Self::Bridge | Self::Private
        )
    }
}

/// A stretch of a walk. Headings are in degrees clockwise from north.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The street's name.
    pub name: Option<String>,
    /// What is walked on.
    pub way: Way,
    /// Metres walked.
    pub metres: f64,
    /// Seconds walked or waited.
    pub seconds: f64,
    /// The heading at its start.
    pub enters: f64,
    /// The heading at its end.
    pub leaves: f64,
    /// Which point of the walk's line it starts at.
    pub first_point: usize,
}

/// Where the walk ends.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// The place.
    pub place: &'a str,
    /// What its door is called.
    pub door: Option<&'a str>,
    /// The last point of the walk's line.
    pub last_point: usize,
}

/// What a step has one do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Walk.
    Walk,
    /// Take stairs.
    Steps,
    /// Take an escalator.
    Escalator,
    /// Cross a street.
    Crossing,
    /// Take a lift.
    Lift,
    /// Take a ferry.
    Ferry,
    /// Be there.
    Arrive,
}

/// How one turns into a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Straight on.
    Straight,
    /// Half left.
    SlightLeft,
    /// Left.
    Left,
    /// Sharply left.
    SharpLeft,
    /// Half right.
    SlightRight,
    /// Right.
    Right,
    /// Sharply right.
    SharpRight,
    /// Back.
    Back,
}

impl Turn {
    /// Between two headings.
    fn between(before: f64, after: f64) -> Self {
        let angle = bend(before, after);
        match (angle.abs(), angle > 0.0) {
            (..22.0, _) => Self::Straight,
            (..55.0, true) => Self::SlightRight,
            (..55.0, false) => Self::SlightLeft,
            (..125.0, true) => Self::Right,
            (..125.0, false) => Self::Left,
            (..165.0, true) => Self::SharpRight,
            (..165.0, false) => Self::SharpLeft,
            _ => Self::Back,
        }
    }
}

/// Degrees from one heading to another: to the right positive, up to a half turn.
pub(super) fn bend(before: f64, after: f64) -> f64 {
    (after - before + 180.0).rem_euclid(360.0) - 180.0
}

/// A step of a walk.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What to do.
    pub kind: Kind,
    /// How one turns before; `None` for the first one and for the end.
    pub turn: Option<Turn>,
    /// The street's name.
    pub name: Option<String>,
    /// Metres of it.
    pub metres: f64,
    /// Seconds of it.
    pub seconds: f64,
    /// Which point of the walk's line it starts at.
    pub first_point: usize,
    /// The same in words.
    pub text: String,
}

/// The steps of a walk, the end among them.
#[must_use]
pub fn steps(pieces: &[Piece], end: &End<'_>, language: Language) -> Vec<Step> {
    let merged = merged(pieces);
    let mut steps: Vec<Step> = Vec::with_capacity(merged.len() + 1);
    let mut before: Option<&Piece> = None;
    // The last named street, so that going on along it can be said.
    let mut street: Option<&str> = None;
    for piece in &merged {
        let turn = before.map(|before| Turn::between(before.leaves, piece.enters));
        let goes_on = piece.name.is_some() && piece.name.as_deref() == street;
        let said = phrases::Said { piece, turn, goes_on };
        steps.push(Step {
            kind: kind(piece.way),
            turn,
            name: piece.name.clone(),
            metres: piece.metres,
            seconds: piece.seconds,
            first_point: piece.first_point,
            text: said.text(language),
        });
        before = Some(piece);
        if piece.way.is_plain() {
            street = piece.name.as_deref();
        }
    }
    steps.push(Step {
        kind: Kind::Arrive,
        turn: None,
        name: None,
        metres: 0.0,
        seconds: 0.0,
        first_point: end.last_point,
        text: phrases::arrival(end, language),
    });
    steps
}

fn kind(way: Way) -> Kind {
    match way {
        Way::Steps { .. } => Kind::Steps,
        Way::Escalator => Kind::Escalator,
        Way::Crossing { .. } => Kind::Crossing,
        Way::Lift => Kind::Lift,
        Way::Ferry => Kind::Ferry,
        _ => Kind::Walk,
    }
}

/// Pieces as a walker tells them apart. No metre and no second is lost.
fn merged(pieces: &[Piece]) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match merged.last_mut() {
            Some(last) if is_same(last, piece) => join(last, piece),
            _ => merged.push(piece.clone()),
        }
    }
    // What is too short joins its neighbour: the one before, at the start the one after.
    let mut noticed: Vec<Piece> = Vec::with_capacity(merged.len());
    for piece in merged {
        match noticed.last_mut() {
            Some(last) if is_unnoticed(&piece) && last.way.is_plain() => {
                last.metres += piece.metres;
                last.seconds += piece.seconds;
            }
            Some(last) if is_unnoticed(last) && piece.way.is_plain() => {
                *last = Piece {
                    metres: last.metres + piece.metres,
                    seconds: last.seconds + piece.seconds,
                    first_point: last.first_point,
                    ..piece
                };
            }
            Some(last) if is_same(last, &piece) => join(last, &piece),
            _ => noticed.push(piece),
        }
    }
    noticed
}

fn join(last: &mut Piece, piece: &Piece) {
    last.metres += piece.metres;
    last.seconds += piece.seconds;
    last.leaves = piece.leaves;
    if let (Way::Steps { count, up }, Way::Steps { count: more, up: then }) = (&mut last.way, piece.way) {
        *count = count.zip(more).map(|(count, more)| count.saturating_add(more));
        if *up != then {
            *up = None;
        }
    }
    if let (Way::Crossing { signals }, Way::Crossing { signals: also }) = (&mut last.way, piece.way) {
        *signals |= also;
    }
}

fn is_unnoticed(piece: &Piece) -> bool {
    match piece.way {
        Way::ToStreet | Way::ToDoor => piece.metres < LEG_M,
        way => way.is_plain() && piece.name.is_none() && piece.metres < UNNOTICED_M,
    }
}

/// Whether two pieces that follow each other are one step.
fn is_same(before: &Piece, after: &Piece) -> bool {
    let bend = bend(before.leaves, after.enters).abs();
    let kinds = std::mem::discriminant(&before.way) == std::mem::discriminant(&after.way);
    match (&before.name, &after.name) {
        // On a square one goes straight from corner to corner: the turns between are no news.
        (one, other) if before.way == Way::Square && kinds => one == other,
        (Some(one), Some(other)) if before.way.is_plain() && after.way.is_plain() => one == other && bend < BEND,
        (None, None) if before.way.is_plain() => kinds && bend < NAMELESS_BEND,
        (one, other) => kinds && one == other && !before.way.is_plain(),
    }
}
