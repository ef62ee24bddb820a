//! The wholes of resources with all that decides about them, as they come into a book: what is
//! read of them again and again is remembered.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::book::{Book, Node};
use super::resources::{self, Resource, ResourceId, Status};
use super::rules::{self, RulesVersionId, Version};
use super::sharing::{self, Agreement, Share};
use crate::calendar::{Calendar, Hours};
use crate::db::Conn;
use crate::error::{Error, Result};

/// What knows the wholes.
pub struct Trees {
    calendar: Arc<Calendar>,
    hours: Mutex<HashMap<String, Arc<Hours>>>,
    versions: Mutex<HashMap<RulesVersionId, Arc<Version>>>,
}

type Agreements = HashMap<ResourceId, Vec<(Agreement, Hours)>>;
type Shares = HashMap<ResourceId, Vec<(Share, Option<Hours>)>>;

/// So many are remembered, then all are read anew.
const REMEMBERED: usize = 10_000;

impl Trees {
    /// With days as this calendar has them.
    pub fn new(calendar: Arc<Calendar>) -> Self {
        Self {
            calendar,
            hours: Mutex::default(),
            versions: Mutex::default(),
        }
    }

    /// Where days begin and end.
    pub fn calendar(&self) -> &Arc<Calendar> {
        &self.calendar
    }

    fn hours(&self, text: &str) -> Result<Arc<Hours>> {
        let mut known = self.hours.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hours) = known.get(text) {
            return Ok(Arc::clone(hours));
        }
        let hours = Arc::new(Hours::parse(text).map_err(Error::internal)?);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&hours));
        Ok(hours)
    }

    /// These versions of rules.
    pub fn versions(&self, conn: &mut Conn, ids: &HashSet<RulesVersionId>) -> Result<Vec<Arc<Version>>> {
        let mut found = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        {
            let known = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                match known.get(id) {
                    Some(version) => found.push(Arc::clone(version)),
                    None => missing.push(*id),
                }
            }
        }
        if !missing.is_empty() {
            let read = rules::versions(conn, &missing)?;
            let mut known = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            found.extend(read.values().cloned());
            known.extend(read);
        }
        Ok(found)
    }

    /// Takes the wholes of these roots into the book, with all that decides about them.
    pub fn know(&self, conn: &mut Conn, book: &mut Book, roots: &[ResourceId]) -> Result<()> {
        let all = resources::load_trees(conn, roots)?;
        self.know_all(conn, book, all)
    }

    /// The same for those that any of these belong to.
    pub fn know_around(&self, conn: &mut Conn, book: &mut Book, ids: &[ResourceId]) -> Result<()> {
        let all = resources::load_trees_of(conn, ids)?;
        self.know_all(conn, book, all)
    }

    fn know_all(&self, conn: &mut Conn, book: &mut Book, all: Vec<Resource>) -> Result<()> {
        let all: Vec<Arc<Resource>> = all.into_iter().map(Arc::new).collect();
        let ids: Vec<ResourceId> = all.iter().map(|one| one.id).collect();
        let mut closures: HashMap<ResourceId, Vec<_>> = HashMap::new();
        for closure in resources::closures_from(conn, &ids, book.now)? {
            let hours = closure.hours.as_deref().map(|text| self.hours(text)).transpose()?;
            let of = closures.entry(closure.resource_id).or_default();
            of.push((closure, hours.map(|hours| (*hours).clone())));
        }
        let sharing: Vec<ResourceId> = all.iter().filter(|one| one.has_sharing).map(|one| one.id).collect();
        let (agreements, mut shares) = self.sharing(conn, book, &sharing)?;
        let versions = all.iter().map(|one| one.rules_version_id).collect();
        let versions: HashMap<RulesVersionId, Arc<Version>> = self
            .versions(conn, &versions)?
            .into_iter()
            .map(|version| (version.id, version))
            .collect();
        let parents: HashMap<ResourceId, Option<ResourceId>> =
            all.iter().map(|one| (one.id, one.facts.part_of)).collect();
        let up = |id: &ResourceId| parents.get(id).copied().flatten();
        let above = |id: ResourceId| std::iter::successors(up(&id), up).collect::<Vec<_>>();
        let lines: HashMap<ResourceId, Vec<ResourceId>> = ids.iter().map(|id| (*id, above(*id))).collect();
        for resource in &all {
            let id = resource.id;
            let above = lines.get(&id).cloned().unwrap_or_default();
            let below = ids.iter().copied();
            let below = below.filter(|other| lines.get(other).is_some_and(|line| line.contains(&id)));
            let parts = all
                .iter()
                .filter(|other| other.facts.part_of == Some(id) && other.status == Status::Open)
                .map(|other| other.id);
            let of_these = std::iter::once(&id).chain(&above);
            let shared = of_these.clone().filter_map(|id| agreements.get(id)).flatten();
            let rules = versions.get(&resource.rules_version_id);
            book.know(Arc::new(Node {
                hours: self.hours(&resource.facts.opening_hours)?,
                rules: Arc::clone(rules.ok_or_else(|| Error::internal("a resource has no rules"))?),
                closures: of_these.filter_map(|id| closures.get(id)).flatten().cloned().collect(),
                agreements: shared.cloned().collect(),
                shares: shares.remove(&id).unwrap_or_default(),
                below: below.collect(),
                parts: parts.collect(),
                above,
                resource: Arc::clone(resource),
            }));
        }
        Ok(())
    }

    /// By which agreements these are shared, and what of them is withheld.
    fn sharing(&self, conn: &mut Conn, book: &Book, ids: &[ResourceId]) -> Result<(Agreements, Shares)> {
        let (mut agreements, mut shares) = (Agreements::new(), Shares::new());
        if ids.is_empty() {
            return Ok((agreements, shares));
        }
        // What began yesterday may go on.
        let day = book.date(book.now) - chrono::TimeDelta::days(1);
        for agreement in sharing::in_force(conn, ids, day, book.now)? {
            let hours = self.hours(&agreement.hours)?;
            let of = agreements.entry(agreement.resource_id).or_default();
            of.push((agreement, (*hours).clone()));
        }
        for share in sharing::withheld(conn, ids, book.now)? {
            let hours = share.hours.as_deref().map(|text| self.hours(text)).transpose()?;
            let of = shares.entry(share.resource_id).or_default();
            of.push((share, hours.map(|hours| (*hours).clone())));
        }
        Ok((agreements, shares))
    }
}
