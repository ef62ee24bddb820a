//! The checks at the top of a file of `tests/town/`, read strictly. Their form
//! is told in `tests/town/README.md`.

use serde_json::Value;

/// Metres east and north of 30° N, 114° E.
pub type Metres = (f64, f64);

/// What a file says about itself.
#[derive(Debug, Default, PartialEq)]
pub struct Case {
    /// The box to which the map is cut: west, south, east, north.
    pub bbox: Option<[f64; 4]>,
    /// Lines that the build of the map, the import of the places, and `map info` print.
    pub printed: Vec<(Printer, String)>,
    /// Beginnings of lines that they do not print.
    pub not_printed: Vec<(Printer, String)>,
    pub questions: Vec<Question>,
}

/// Who prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printer {
    Build,
    Import,
    Info,
}

/// A question over HTTP and what its answer must be.
#[derive(Debug, PartialEq)]
pub struct Question {
    /// Its line in the file, from 1.
    pub line: usize,
    pub to: Endpoint,
    pub from: From,
    /// The name of the place that a route leads to.
    pub route_to: Option<String>,
    /// Further parameters, as they are.
    pub query: Vec<(String, String)>,
    pub expected: Vec<Expected>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    Circle,
    Area,
    Route,
}

#[derive(Debug, Clone, PartialEq)]
pub enum From {
    Point(Metres),
    /// The name of a place.
    Place(String),
}

/// What must hold of an answer.
#[derive(Debug, PartialEq)]
pub enum Expected {
    /// A place is listed once, with these fields.
    In(String, Vec<Field>),
    Out(String),
    /// All places that are listed, in this order.
    Order(Vec<String>),
    Json(Field),
    /// The answer is a problem: status and type.
    Problem(u16, String),
    /// The polygons of a band have the point inside, or outside.
    Covers(Metres, u32),
    Misses(Metres, u32),
    /// The point is on a reached street, or on none.
    Street(Metres),
    NoStreet(Metres),
}

/// A field of the answer and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub path: String,
    pub is: Is,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Is {
    Exactly(Value),
    /// A number, at most so far away.
    Near(f64, f64),
    /// An object with `lat` and `lon` within a metre of this.
    At(Metres),
    /// A list of so many.
    Count(usize),
}

const CIRCLE_KEYS: [&str; 11] = [
    "minutes",
    "pace",
    "at",
    "basis",
    "direction",
    "ferry",
    "beyond",
    "max_incline",
    "category",
    "kind",
    "open",
];
const AREA_KEYS: [&str; 6] = ["minutes", "pace", "at", "direction", "ferry", "max_incline"];
const ROUTE_KEYS: [&str; 5] = ["pace", "at", "direction", "ferry", "max_incline"];

/// Reads the checks of a file. The error names the line.
pub fn parse(file: &str) -> Result<Case, String> {
    let comment = file
        .split_once("<!--")
        .and_then(|(before, rest)| Some((before, rest.split_once("-->")?.0)));
    let (before, comment) = comment.ok_or("there is no comment at the top")?;
    if before.contains("<osm") {
        return Err("the comment must stand before the data".into());
    }
    let first_line = before.matches('\n').count() + 1;
    let mut lines = (first_line..).zip(comment.split('\n'));
    if !lines.by_ref().any(|(_, line)| line.trim() == RULE) {
        return Err(format!("no line {RULE} ends the prose"));
    }
    let mut case = Case::default();
    for (number, line) in lines {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            case.take(number, line)
                .map_err(|error| format!("line {number}: {error}"))?;
        }
    }
    let is_empty = case.questions.is_empty() && case.printed.is_empty() && case.not_printed.is_empty();
    if is_empty {
        return Err("it checks nothing".into());
    }
    match case.questions.iter().find(|question| question.expected.is_empty()) {
        Some(question) => Err(format!("line {}: nothing is expected", question.line)),
        None => Ok(case),
    }
}

/// What stands between the prose and the checks.
const RULE: &str = "=====";

impl Case {
    fn take(&mut self, number: usize, line: &str) -> Result<(), String> {
        let (keyword, rest) = line.split_once(':').ok_or("a check is a keyword, a colon and more")?;
        let rest = rest.trim();
        if rest.is_empty() {
            return Err(format!("nothing follows {keyword}:"));
        }
        let question = |to| parse_question(number, to, rest);
        match keyword {
            "build" => {
                let corners = rest.strip_prefix("bbox=").ok_or("build: takes bbox=W,S,E,N")?;
                let corners = numbers(corners)?;
                let corners = <[f64; 4]>::try_from(corners).map_err(|_| "a box is four numbers")?;
                if self.bbox.replace(corners).is_some() {
                    return Err("two boxes".into());
                }
            }
            "report" => self.printed.push((Printer::Build, rest.to_owned())),
            "no report" => self.not_printed.push((Printer::Build, rest.to_owned())),
            "import" => self.printed.push((Printer::Import, rest.to_owned())),
            "no import" => self.not_printed.push((Printer::Import, rest.to_owned())),
            "info" => self.printed.push((Printer::Info, rest.to_owned())),
            "ask" => self.questions.push(question(Endpoint::Circle)?),
            "area" => self.questions.push(question(Endpoint::Area)?),
            "route" => self.questions.push(question(Endpoint::Route)?),
            _ => {
                let last = self.questions.last_mut().ok_or("an expectation without a question")?;
                let expected = parse_expected(keyword, rest, last.to)?;
                last.expected.push(expected);
            }
        }
        Ok(())
    }
}

fn parse_question(line: usize, to: Endpoint, rest: &str) -> Result<Question, String> {
    let keys: &[&str] = match to {
        Endpoint::Circle => &CIRCLE_KEYS,
        Endpoint::Area => &AREA_KEYS,
        Endpoint::Route => &ROUTE_KEYS,
    };
    let (mut from, mut route_to, mut query) = (None, None, Vec::new());
    for word in rest.split_whitespace() {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("{word} is not key=value"))?;
        let known = match key {
            "from" => from.replace(From::Point(metres(value)?)).is_some(),
            "place" => from.replace(From::Place(value.to_owned())).is_some(),
            "to" if to == Endpoint::Route => route_to.replace(value.to_owned()).is_some(),
            _ if keys.contains(&key) => {
                let known = query.iter().any(|(other, _)| other == key);
                query.push((key.to_owned(), value.to_owned()));
                known
            }
            _ => return Err(format!("{key} cannot be asked")),
        };
        if known {
            return Err(format!("{key} stands twice"));
        }
    }
    if to == Endpoint::Route && route_to.is_none() {
        return Err("a route leads to=PLACE".into());
    }
    Ok(Question {
        line,
        to,
        from: from.ok_or("a question is asked from=EAST,NORTH or place=NAME")?,
        route_to,
        query,
        expected: Vec::new(),
    })
}

fn parse_expected(keyword: &str, rest: &str, of: Endpoint) -> Result<Expected, String> {
    let expected = match (keyword, of) {
        ("in", Endpoint::Circle) => {
            let mut words = rest.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            Expected::In(name, words.map(parse_field).collect::<Result<_, _>>()?)
        }
        ("out", Endpoint::Circle) => Expected::Out(one_word(rest)?),
        ("order", Endpoint::Circle) => Expected::Order(rest.split_whitespace().map(str::to_owned).collect()),
        ("json", _) => Expected::Json(parse_field(rest)?),
        ("problem", _) => {
            let (status, slug) = rest.split_once(' ').ok_or("a problem is a status and a type")?;
            let status = status.parse().map_err(|_| format!("{status} is no status"))?;
            Expected::Problem(status, one_word(slug)?)
        }
        ("covers", Endpoint::Area) => in_band(rest).map(|(at, band)| Expected::Covers(at, band))?,
        ("misses", Endpoint::Area) => in_band(rest).map(|(at, band)| Expected::Misses(at, band))?,
        ("street", Endpoint::Area) => Expected::Street(metres(rest)?),
        ("no street", Endpoint::Area) => Expected::NoStreet(metres(rest)?),
        _ => return Err(format!("{keyword}: is not known here")),
    };
    Ok(expected)
}

fn in_band(text: &str) -> Result<(Metres, u32), String> {
    let (at, band) = text.split_once(" band=").ok_or("it takes EAST,NORTH band=MINUTES")?;
    let band = band.parse().map_err(|_| format!("{band} are no minutes"))?;
    Ok((metres(at)?, band))
}

fn parse_field(text: &str) -> Result<Field, String> {
    let (path, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{text} is not field=value"))?;
    let whole = |is| Field {
        path: path.to_owned(),
        is,
    };
    let of = |suffix: &str| path.strip_suffix(suffix).map(str::to_owned);
    if let Some(path) = of(".at") {
        let is = Is::At(metres(value)?);
        return Ok(Field { path, is });
    }
    if let Some(path) = of(".length") {
        let is = Is::Count(value.parse().map_err(|_| format!("{value} is no length"))?);
        return Ok(Field { path, is });
    }
    if let Some((number, tolerance)) = value.split_once('±') {
        return Ok(whole(Is::Near(a_number(number)?, a_number(tolerance)?)));
    }
    Ok(whole(match value {
        "true" => Is::Exactly(true.into()),
        "false" => Is::Exactly(false.into()),
        "null" => Is::Exactly(Value::Null),
        "" => return Err(format!("{path} has no value")),
        _ => match a_number(value) {
            Ok(number) => Is::Near(number, 1e-9),
            Err(_) => Is::Exactly(value.into()),
        },
    }))
}

fn one_word(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!("{text:?} is not one word"));
    }
    Ok(text.to_owned())
}

fn metres(text: &str) -> Result<Metres, String> {
    match numbers(text)?.as_slice() {
        &[east, north] => Ok((east, north)),
        _ => Err(format!("{text} is not EAST,NORTH in metres")),
    }
}

fn numbers(text: &str) -> Result<Vec<f64>, String> {
    text.split(',').map(a_number).collect()
}

fn a_number(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| format!("{text} is no number"))
}

#[test]
fn checks_are_read_as_they_are_meant() {
    let file = "<?xml version='1.0'?>\n<!-- Prose: ask: nothing.\n=====\nbuild: bbox=-1,-2,3,4\nreport: islands: 2\n\
                ask: from=0,-60 pace=elder\n  # 60 m × 1.2\n  in: 药店 walk_s=72±1 door.at=5,6 private_end=true\n  \
                json: origin.snapped.length=1\n  out: 书店\n-->\n<osm/>";
    let case = parse(file).expect("it is well-formed");
    assert_eq!(case.bbox, Some([-1.0, -2.0, 3.0, 4.0]));
    assert_eq!(case.printed, [(Printer::Build, "islands: 2".to_owned())]);
    let question = &case.questions[0];
    assert_eq!((question.line, question.to), (6, Endpoint::Circle));
    assert_eq!(question.from, From::Point((0.0, -60.0)));
    assert_eq!(question.query, [("pace".to_owned(), "elder".to_owned())]);
    let field = |path: &str, is| Field { path: path.into(), is };
    let fields = vec![
        field("walk_s", Is::Near(72.0, 1.0)),
        field("door", Is::At((5.0, 6.0))),
        field("private_end", Is::Exactly(true.into())),
    ];
    assert_eq!(
        question.expected,
        [
            Expected::In("药店".into(), fields),
            Expected::Json(field("origin.snapped", Is::Count(1))),
            Expected::Out("书店".into()),
        ]
    );
}

#[test]
fn what_is_misspelt_or_checks_nothing_is_refused() {
    for checks in [
        "",
        "# ask: from=0,0",
        "build: bbox=0,0,1,1",
        "ask: from=0,0",
        "in: 药店",
        "ask: from=0,0\nin: 药店 walk_s",
        "ask: from=0,0\nin: 药店 walk_s=7±x",
        "ask: from=0\nout: 药店",
        "ask: minutes=5\nout: 药店",
        "ask: from=0,0 minuts=5\nout: 药店",
        "ask: from=0,0 pace=elder pace=child\nout: 药店",
        "ask: from=0,0\nout: 药店 书店",
        "ask: from=0,0\ncovers: 0,0 band=5",
        "route: from=0,0\njson: type=Feature",
        "ask: from=0,0\nout 药店",
        "asks: from=0,0",
        "build: 0,0,1,1\nreport: islands: 2",
        "report:",
    ] {
        let file = format!("<!-- Prose.\n=====\n{checks}\n-->\n<osm/>");
        assert!(parse(&file).is_err(), "{checks:?} was taken");
    }
    assert!(parse("<osm/>").is_err());
    assert!(parse("<!-- no rule\nreport: islands: 2\n--><osm/>").is_err());
    assert!(parse("<osm><!--\n=====\nreport: islands: 2\n--></osm>").is_err());
}
