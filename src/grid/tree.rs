//! The tree in memory: units under dense numbers, so that 200,000 of them load at
//! once and the way up from one is a walk along a list of numbers.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::model::{Level, Unit, UnitId};
use super::store;
use crate::db::Conn;
use crate::db::follow::Follow;
use crate::error::Result;
use crate::text::SearchName;

/// A unit with what the tree knows of it.
pub struct Node {
    /// The unit.
    pub unit: Unit,
    search_name: OnceLock<SearchName>,
}

impl Node {
    fn new(unit: Unit) -> Arc<Self> {
        let search_name = OnceLock::new();
        Arc::new(Self { unit, search_name })
    }

    /// Its name, ready for search: made when it is first searched for, since making
    /// all of them would take most of the time of a start.
    pub fn search_name(&self) -> &SearchName {
        self.search_name
            .get_or_init(|| SearchName::new(&self.unit.name, self.unit.name_en.as_deref()))
    }
}

/// So often one after another a unit is followed into what took its place.
const MOST_MERGERS: usize = 64;
/// The most units from one up to the root, itself among them.
pub const LONGEST_PATH: usize = Level::ALL.len() + 1;

/// In place of a parent's number.
const NONE: u32 = u32::MAX;

/// All units at one moment.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<Arc<Node>>,
    /// The number of each unit, its place in `nodes`.
    numbers: HashMap<UnitId, u32>,
    /// The number of the parent, by the child's.
    parents: Vec<u32>,
    /// The roots, then the children of 0, of 1 and so on, each by their codes.
    children: Vec<UnitId>,
    /// Where in `children` those of number n - 1 begin; the roots' are those of "-1".
    starts: Vec<u32>,
    /// What was merged into a unit: it stands below nothing, and what hangs on it is the
    /// unit's.
    merged: HashMap<UnitId, Vec<UnitId>>,
}

impl Tree {
    fn of(nodes: Vec<Arc<Node>>) -> Self {
        let numbers: HashMap<UnitId, u32> = nodes.iter().map(|node| node.unit.id).zip(0..).collect();
        let parent = |node: &Arc<Node>| {
            let parent = node.unit.above().and_then(|id| numbers.get(&id));
            parent.copied().unwrap_or(NONE)
        };
        let parents: Vec<u32> = nodes.iter().map(parent).collect();
        let mut families: Vec<(u32, &str, UnitId)> = nodes
            .iter()
            .zip(&parents)
            .filter(|(node, _)| node.unit.merged_into.is_none())
            .map(|(node, parent)| (parent.wrapping_add(1), node.unit.code.as_str(), node.unit.id))
            .collect();
        families.sort_unstable();
        let mut starts = vec![0; nodes.len() + 2];
        for (family, _, _) in &families {
            if let Some(count) = starts.get_mut(*family as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let children = families.into_iter().map(|(_, _, id)| id).collect();
        let mut merged: HashMap<UnitId, Vec<UnitId>> = HashMap::new();
        for node in &nodes {
            if let Some(into) = node.unit.merged_into {
                merged.entry(into).or_default().push(node.unit.id);
            }
        }
        Self {
            nodes,
            numbers,
            parents,
            children,
            starts,
            merged,
        }
    }

    /// The unit with this id.
    pub fn node(&self, id: UnitId) -> Option<&Arc<Node>> {
        self.nodes.get(*self.numbers.get(&id)? as usize)
    }

    /// The units right below, by code; below nothing are the roots.
    pub fn children(&self, parent: Option<UnitId>) -> &[UnitId] {
        let family = match parent {
            None => Some(0),
            Some(id) => self.numbers.get(&id).map(|number| *number as usize + 1),
        };
        let bounds = family.and_then(|family| Some((*self.starts.get(family)?, *self.starts.get(family + 1)?)));
        bounds
            .and_then(|(start, end)| self.children.get(start as usize..end as usize))
            .unwrap_or_default()
    }

    /// The unit itself, or what took its place where it was merged.
    pub fn that_took_the_place_of(&self, unit: UnitId) -> UnitId {
        let mut unit = unit;
        for _ in 0..MOST_MERGERS {
            match self.node(unit).and_then(|node| node.unit.merged_into) {
                Some(other) => unit = other,
                None => break,
            }
        }
        unit
    }

    /// The unit and those above it, from itself up to the root; nothing where there
    /// is no such unit.
    pub fn upwards(&self, id: UnitId) -> impl Iterator<Item = UnitId> {
        self.numbers_upwards(id)
            .filter_map(|number| Some(self.nodes.get(number as usize)?.unit.id))
    }

    fn numbers_upwards(&self, id: UnitId) -> impl Iterator<Item = u32> {
        let first = self.numbers.get(&id).copied();
        // Levels fall from parent to child; below them may be one that was merged.
        std::iter::successors(first, |number| {
            self.parents
                .get(*number as usize)
                .copied()
                .filter(|parent| *parent != NONE)
        })
        .take(LONGEST_PATH)
    }

    /// The units above, from the root down; without the unit itself.
    pub fn ancestors(&self, id: UnitId) -> Vec<&Arc<Node>> {
        let mut path: Vec<&Arc<Node>> = self
            .numbers_upwards(id)
            .skip(1)
            .filter_map(|number| self.nodes.get(number as usize))
            .collect();
        path.reverse();
        path
    }

    /// Whether `id` is `root` or lies below it.
    pub fn is_within(&self, id: UnitId, root: UnitId) -> bool {
        let root = self.numbers.get(&root).copied();
        root.is_some_and(|root| self.numbers_upwards(id).any(|number| number == root))
    }

    /// The unit and all below it, as many as `most`; none where there are more.
    pub fn subtree(&self, root: UnitId, most: usize) -> Option<Vec<UnitId>> {
        let mut found = vec![root];
        let mut at = 0;
        while let Some(unit) = found.get(at).copied() {
            found.extend(self.children(Some(unit)));
            if found.len() > most {
                return None;
            }
            at += 1;
        }
        Some(found)
    }

    /// The same with those that were merged into any of them, where what was should be
    /// found as well.
    pub fn subtree_with_merged(&self, root: UnitId, most: usize) -> Option<Vec<UnitId>> {
        let mut found = self.subtree(root, most)?;
        let merged: Vec<UnitId> = found
            .iter()
            .filter_map(|id| self.merged.get(id))
            .flatten()
            .copied()
            .collect();
        found.extend(merged);
        (found.len() <= most).then_some(found)
    }

    /// All units, in no order, but those that were merged into others.
    pub fn all(&self) -> impl Iterator<Item = &Node> {
        let all = self.nodes.iter().map(Arc::as_ref);
        all.filter(|node| node.unit.merged_into.is_none())
    }

    /// How many units there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// The tree, kept true.
#[derive(Default)]
pub struct LiveTree(ArcSwap<Tree>);

impl LiveTree {
    /// The tree as it is now.
    pub fn now(&self) -> Arc<Tree> {
        self.0.load_full()
    }
}

impl Follow for LiveTree {
    fn kind(&self) -> &'static str {
        store::KIND
    }

    fn reload(&self, conn: &mut Conn) -> Result<()> {
        let units = store::load_all(conn)?;
        self.0
            .store(Arc::new(Tree::of(units.into_iter().map(Node::new).collect())));
        Ok(())
    }

    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()> {
        let ids: Vec<UnitId> = keys.iter().filter_map(|key| key.parse().ok()).collect();
        let known = self.0.load();
        let mut nodes: Vec<Arc<Node>> = known.nodes.clone();
        nodes.retain(|node| !ids.contains(&node.unit.id));
        nodes.extend(store::load(conn, &ids)?.into_iter().map(Node::new));
        self.0.store(Arc::new(Tree::of(nodes)));
        Ok(())
    }
}

#[cfg(test)]
impl LiveTree {
    /// Of these units, for tests of what stands on a tree.
    pub(crate) fn of(units: Vec<Unit>) -> Self {
        Self(ArcSwap::from_pointee(Tree::of(
            units.into_iter().map(Node::new).collect(),
        )))
    }
}
