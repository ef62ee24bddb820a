//! The tree in memory.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::model::{Unit, UnitId};
use super::store;
use crate::db::Conn;
use crate::db::follow::Follow;
use crate::error::Result;
use crate::text::SearchName;

/// A unit with what the tree knows of it.
pub struct Node {
    /// The unit.
    pub unit: Unit,
    /// Its name, ready for search.
    pub search_name: SearchName,
}

/// All units at one moment.
#[derive(Default)]
pub struct Tree {
    nodes: HashMap<UnitId, Arc<Node>>,
    /// Children by parent (`None` for the roots), by code.
    children: HashMap<Option<UnitId>, Vec<UnitId>>,
}

impl Tree {
    fn of(nodes: HashMap<UnitId, Arc<Node>>) -> Self {
        let mut children: HashMap<_, Vec<UnitId>> = HashMap::new();
        for node in nodes.values() {
            children.entry(node.unit.parent_id).or_default().push(node.unit.id);
        }
        for siblings in children.values_mut() {
            siblings.sort_by(|a, b| nodes[a].unit.code.cmp(&nodes[b].unit.code));
        }
        Self { nodes, children }
    }

    /// The unit with this id.
    pub fn node(&self, id: UnitId) -> Option<&Arc<Node>> {
        self.nodes.get(&id)
    }

    /// The units right below, by code; below nothing are the roots.
    pub fn children(&self, parent: Option<UnitId>) -> &[UnitId] {
        self.children.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// The units above, from the root down; without the unit itself.
    pub fn ancestors(&self, id: UnitId) -> Vec<&Arc<Node>> {
        let mut path = Vec::new();
        let mut above = self.node(id).and_then(|node| node.unit.parent_id);
        // Levels fall from parent to child, so there are at most six.
        while let Some(node) = above.and_then(|id| self.node(id))
            && path.len() < super::Level::ALL.len()
        {
            path.push(node);
            above = node.unit.parent_id;
        }
        path.reverse();
        path
    }

    /// Whether `id` is `root` or lies below it.
    pub fn is_within(&self, id: UnitId, root: UnitId) -> bool {
        let mut at = Some(id);
        // Levels fall from parent to child, so there are at most seven.
        for _ in super::Level::ALL {
            let Some(unit) = at.filter(|id| *id != root) else {
                break;
            };
            at = self.node(unit).and_then(|node| node.unit.parent_id);
        }
        at == Some(root)
    }

    /// All units, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().map(Arc::as_ref)
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

fn node(unit: Unit) -> (UnitId, Arc<Node>) {
    let search_name = SearchName::new(&unit.name, unit.name_en.as_deref());
    (unit.id, Arc::new(Node { unit, search_name }))
}

impl Follow for LiveTree {
    fn kind(&self) -> &'static str {
        store::KIND
    }

    fn reload(&self, conn: &mut Conn) -> Result<()> {
        let units = store::load_all(conn)?;
        self.0.store(Arc::new(Tree::of(units.into_iter().map(node).collect())));
        Ok(())
    }

    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()> {
        let ids: Vec<UnitId> = keys.iter().filter_map(|key| key.parse().ok()).collect();
        let mut nodes = self.0.load().nodes.clone();
        for id in &ids {
            nodes.remove(id);
        }
        nodes.extend(store::load(conn, &ids)?.into_iter().map(node));
        self.0.store(Arc::new(Tree::of(nodes)));
        Ok(())
    }
}
