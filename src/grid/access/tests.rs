use uuid::Uuid;

use super::decide::may;
use super::rules::{GRANTS, NAMED_OFFICE, RULES, grant_rule, rule};
use crate::clock::Timestamp;
use crate::gate::Subject;
use crate::grid::members::{Held, Role};
use crate::grid::model::{Level, Setting, Unit, UnitId};
use crate::grid::tree::LiveTree;

const TODAY: i32 = 20_000;

fn id(number: u128) -> UnitId {
    UnitId::from_uuid(Uuid::from_u128(number))
}

fn unit(number: u128, parent: Option<u128>, level: Level) -> Unit {
    Unit {
        id: id(number),
        parent_id: parent.map(id),
        level,
        code: number.to_string(),
        name: "单元".into(),
        name_en: None,
        setting: Setting::Urban,
        population: None,
        location: None,
        updated_at: Timestamp::from_micros(0),
        version: 1,
        merged_into: None,
        closed_at: None,
        doors: Vec::new(),
    }
}

/// A city with one of each level below it, and a sibling beside each: 1 to 7, and 12 to 17.
fn tree() -> LiveTree {
    let mut units = vec![unit(1, None, Level::City)];
    for (number, level) in (2..).zip(Level::ALL.into_iter().skip(1)) {
        units.push(unit(number, Some(number - 1), level));
        units.push(unit(number + 10, Some(number - 1), level));
    }
    LiveTree::of(units)
}

fn held(role: Role, at: u128) -> Held {
    Held {
        role,
        body: id(at).uuid(),
        from_day: TODAY,
        to_day: i32::MAX,
        is_officer: false,
    }
}

fn permits(name: &str, held: &[Held], subject: Subject) -> bool {
    let rule = rule(name).expect("a permission of the table");
    may(rule, None, held.iter(), subject, &tree().now(), TODAY)
}

fn grants(role: Role, at: u128, held: &[Held]) -> bool {
    let subject = Subject::Office {
        role: role.name(),
        body: id(at).uuid(),
        unit: Some(id(at).uuid()),
        holder: None,
    };
    permits("grant_roles", held, subject)
}

#[test]
fn a_communitys_staff_change_places_in_their_community_and_below_and_nowhere_else() {
    let staff = [held(Role::CommunityStaff, 4)];
    let may_at = |unit: u128| permits("manage_places", &staff, Subject::Unit(id(unit).uuid()));
    assert!([4, 5, 6, 7, 15, 16, 17].into_iter().all(may_at));
    assert!(![1, 2, 3, 12, 13, 14].into_iter().any(may_at));
    assert!(!may_at(99), "a unit that is gone");
    assert!(!permits("manage_places", &staff, Subject::City));
    assert!(permits("manage_places", &[held(Role::CityStaff, 1)], Subject::City));
}

#[test]
fn a_role_counts_from_its_day_to_its_day() {
    let mut staff = held(Role::CommunityStaff, 4);
    let at = Subject::Unit(id(4).uuid());
    staff.from_day = TODAY + 1;
    assert!(!permits("manage_places", &[staff], at), "from tomorrow on");
    (staff.from_day, staff.to_day) = (TODAY - 10, TODAY - 1);
    assert!(!permits("manage_places", &[staff], at), "to yesterday");
    staff.to_day = TODAY;
    assert!(permits("manage_places", &[staff], at), "to the end of today");
}

#[test]
fn roles_are_granted_by_those_above_and_nobody_grants_their_own() {
    let community = [held(Role::CommunityStaff, 4)];
    assert!(grants(Role::GridLeader, 5, &community));
    assert!(grants(Role::BuildingHead, 7, &community));
    assert!(
        !grants(Role::GridLeader, 5, &[held(Role::CommunityStaff, 14)]),
        "another community's"
    );
    assert!(!grants(Role::CommunityStaff, 4, &community), "their own");
    assert!(grants(Role::CommunityStaff, 4, &[held(Role::StreetStaff, 3)]));
    assert!(!grants(Role::StreetStaff, 3, &[held(Role::StreetStaff, 3)]));
    assert!(grants(Role::StreetStaff, 3, &[held(Role::CountyStaff, 2)]));
    assert!(grants(Role::CountyStaff, 2, &[held(Role::CityStaff, 1)]));
    assert!(
        !grants(Role::CityStaff, 1, &[held(Role::CityStaff, 1)]),
        "the command line only"
    );
    assert!(grants(Role::Resident, 7, &[held(Role::GridLeader, 5)]));
    assert!(grants(Role::Resident, 7, &[held(Role::BuildingHead, 7)]));
    assert!(
        !grants(Role::Resident, 7, &[held(Role::BuildingHead, 17)]),
        "the head next door"
    );
    assert!(!grants(Role::Resident, 7, &[held(Role::Resident, 7)]));
}

#[test]
fn nobody_reads_the_audit_of_their_own_unit_but_the_city() {
    let reads = |role, at: u128, of: u128| permits("read_audit", &[held(role, at)], Subject::Unit(id(of).uuid()));
    assert!(!reads(Role::CommunityStaff, 4, 4));
    assert!(reads(Role::CommunityStaff, 4, 5));
    assert!(reads(Role::StreetStaff, 3, 4));
    assert!(reads(Role::CityStaff, 1, 1));
    assert!(!reads(Role::GridLeader, 5, 7));
}

#[test]
fn a_departments_officer_has_no_right_at_units() {
    let department = Uuid::from_u128(500);
    let officer = [Held {
        body: department,
        ..held(Role::DepartmentOfficer, 1)
    }];
    // Even one whose department's id were that of a unit.
    let odd = [held(Role::DepartmentOfficer, 4)];
    for rule in RULES {
        for unit in 1..=7 {
            let subject = Subject::Unit(id(unit).uuid());
            assert!(!permits(rule.name, &officer, subject), "{} at {unit}", rule.name);
            assert!(!permits(rule.name, &odd, subject), "{} at {unit}", rule.name);
        }
    }
    let own = Subject::Body {
        id: department,
        unit: Some(id(2).uuid()),
    };
    assert!(permits("publish_duties", &officer, own));
    let other = Subject::Body {
        id: Uuid::from_u128(501),
        unit: Some(id(2).uuid()),
    };
    assert!(!permits("publish_duties", &officer, other));
}

#[test]
fn what_is_of_a_party_branch_alone_is_for_its_own_members_and_officers() {
    let branch = Uuid::from_u128(600);
    let member = Held {
        body: branch,
        ..held(Role::OrganisationMember, 1)
    };
    let officer = Held {
        is_officer: true,
        ..member
    };
    let seen = Subject::Body { id: branch, unit: None };
    let given = Subject::Office {
        role: Role::OrganisationMember.name(),
        body: branch,
        unit: None,
        holder: None,
    };
    assert!(permits("see_organisation", &[member], seen));
    // Of somebody who asks, not of anybody whose number they have; and no offices.
    let asked = |role| Subject::Office {
        role,
        body: branch,
        unit: None,
        holder: Some(Uuid::from_u128(78)),
    };
    let of_member = asked(Role::OrganisationMember.name());
    assert!(permits("decide_roles", &[officer], of_member));
    assert!(!permits("grant_roles", &[officer], given));
    assert!(!permits("decide_roles", &[officer], asked(NAMED_OFFICE)));
    assert!(!permits("decide_roles", &[member], of_member));
    for level in 1..=7 {
        for role in Role::ALL {
            let outside = [held(role, level)];
            assert!(!permits("see_organisation", &outside, seen), "{role} at {level}");
            assert!(!permits("grant_roles", &outside, given), "{role} at {level}");
            assert!(!permits("decide_roles", &outside, given), "{role} at {level}");
        }
    }
}

#[test]
fn whom_it_is_about_may_give_up_a_role() {
    let me = Uuid::from_u128(77);
    let subject = |holder| Subject::Office {
        role: Role::GridLeader.name(),
        body: id(5).uuid(),
        unit: Some(id(5).uuid()),
        holder: Some(holder),
    };
    let rule_of = |name| rule(name).expect("in the table");
    let may = |name, holder| {
        may(
            rule_of(name),
            Some(me),
            [].iter(),
            subject(holder),
            &tree().now(),
            TODAY,
        )
    };
    assert!(may("end_roles", me));
    assert!(!may("end_roles", Uuid::from_u128(78)));
    assert!(!may("decide_roles", me), "nobody confirms their own request");
}

#[test]
fn nobody_without_a_role_has_any_permission() {
    for rule in RULES {
        for subject in [Subject::City, Subject::Unit(id(4).uuid())] {
            assert!(!permits(rule.name, &[], subject), "{}", rule.name);
        }
    }
    for role in Role::ALL {
        assert!(grant_rule(role.name()).is_some(), "{role} has no row");
    }
    assert!(grant_rule(NAMED_OFFICE).is_some());
    assert_eq!(GRANTS.len(), Role::ALL.len() + 1);
}

#[test]
fn the_tree_knows_its_ways_up_and_down() {
    let live = tree();
    let tree = live.now();
    assert_eq!(tree.upwards(id(7)).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1].map(id));
    assert_eq!(tree.children(None), [id(1)]);
    // By code, as texts are sorted.
    assert_eq!(tree.children(Some(id(1))), [id(12), id(2)]);
    assert!(tree.children(Some(id(7))).is_empty());
    assert!(tree.children(Some(id(99))).is_empty());
    assert!(tree.is_within(id(7), id(3)) && tree.is_within(id(3), id(3)) && !tree.is_within(id(3), id(7)));
    assert_eq!(tree.subtree(id(5), 100).map(|units| units.len()), Some(5));
    assert!(tree.subtree(id(1), 12).is_none() && tree.subtree(id(1), 13).is_some());
}
