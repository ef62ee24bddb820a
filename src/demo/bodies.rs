//! The bodies of the demo city beside its units: a department and its duties, an estate with
//! its council, a party branch, associations, and a household.

use chrono::NaiveDate;

use super::people::CAST;
use crate::clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::grid::departments::{self, Department};
use crate::grid::duties::{self, DeadlineIn, Duty, DutyId};
use crate::grid::estates::{self, Estate};
use crate::grid::members::{BodyKind, By, NewMembership, PersonId, Role, grant};
use crate::grid::organisations::{self, Organisation, OrganisationKind};
use crate::grid::{PARTY_MEMBERSHIP, UnitId, households};
use crate::identity::People;
use crate::privacy::consents;

/// Something that a department is bound to do: item, legal basis, deadline in working days.
type Bound = (&'static str, &'static str, i64);

/// The departments of the county, in Chinese and English, each with what it is bound to do.
const DEPARTMENTS: [(&str, &str, [Bound; 2]); 3] = [
    (
        "住房和城乡建设局",
        "Housing and Construction Bureau",
        [
            ("公租房申请受理", "《公共租赁住房管理办法》第八条", 20),
            ("物业服务投诉处理", "《物业管理条例》第四十八条", 15),
        ],
    ),
    (
        "民政局",
        "Civil Affairs Bureau",
        [
            ("高龄津贴审核发放", "《老年人权益保障法》第三十三条", 20),
            ("临时救助申请受理", "《社会救助暂行办法》第四十七条", 10),
        ],
    ),
    (
        "卫生健康局",
        "Health Bureau",
        [
            ("家庭医生签约服务咨询", "《基本医疗卫生与健康促进法》第三十一条", 5),
            ("公共场所卫生投诉处理", "《公共场所卫生管理条例》第十条", 10),
        ],
    ),
];

/// Where the cast lives and works.
pub(super) struct Stage<'a> {
    /// The cast, in its order.
    pub cast: &'a [PersonId],
    /// Others who live in the first building.
    pub neighbours: &'a [PersonId],
    /// The county.
    pub county: UnitId,
    /// The grid of the first building.
    pub grid: UnitId,
    /// What that is called.
    pub grid_name: &'a str,
    /// The compound of the first building.
    pub compound: &'a str,
    /// The buildings of the compound.
    pub buildings: &'a [UnitId],
}

/// Sets up the bodies and who is of them.
pub(super) fn set_up(tx: &mut Tx<'_>, by: By<'_>, people: &People, stage: &Stage<'_>) -> Result<()> {
    for (name, name_en, items) in DEPARTMENTS {
        let department = Department {
            name_en: Some(name_en.to_owned()),
            ..Department::new(stage.county, name)
        };
        departments::found(tx, by.name, &department)?;
        for (item, legal_basis, deadline) in items {
            let duty = Duty {
                id: DutyId::new(),
                department_id: department.id,
                item: item.to_owned(),
                legal_basis: legal_basis.to_owned(),
                deadline,
                deadline_in: DeadlineIn::WorkingDays,
                contact: format!("县政务服务中心{name}窗口"),
                published_at: clock::now(),
                withdrawn_at: None,
            };
            duties::publish(tx, by.name, &duty, &department)?;
        }
        if name == "民政局" {
            let (role, body) = (Role::DepartmentOfficer, (BodyKind::Department, department.id.uuid()));
            give(tx, by, actor(stage, role)?, role, body, stage.county, None)?;
        }
    }
    let estate = Estate::new(stage.grid, stage.compound, stage.buildings.to_vec());
    estates::draw(tx, by.name, &estate)?;
    let council = format!("{}业主议事会", stage.compound);
    let council = Organisation {
        estate_id: Some(estate.id),
        ..Organisation::new(stage.grid, OrganisationKind::Council, &council)
    };
    let branch = format!("{}党支部", stage.grid_name);
    let branch = Organisation::new(stage.grid, OrganisationKind::PartyBranch, &branch);
    let volunteers = Organisation::new(stage.grid, OrganisationKind::Association, "邻里志愿者协会");
    let workers = Organisation::new(stage.grid, OrganisationKind::Association, "暖阳社工服务站");
    for one in [&council, &branch, &volunteers, &workers] {
        organisations::found(tx, by.name, one)?;
    }
    consents::give(tx, actor(stage, Role::GridLeader)?, &PARTY_MEMBERSHIP)?;
    let member = Role::OrganisationMember;
    for (one, person, role, title) in [
        (&branch, actor(stage, Role::GridLeader)?, member, Some("书记")),
        (&council, actor(stage, Role::BuildingHead)?, member, Some("理事长")),
        (&volunteers, actor(stage, Role::Resident)?, member, Some("会长")),
        (&volunteers, actor(stage, member)?, member, None),
        (&workers, actor(stage, Role::SocialWorker)?, Role::SocialWorker, None),
        (&workers, actor(stage, Role::Expert)?, Role::Expert, None),
    ] {
        give(
            tx,
            by,
            person,
            role,
            (BodyKind::Organisation, one.id.uuid()),
            stage.grid,
            title,
        )?;
    }
    live_together(tx, people, stage, by.today)
}

/// The cast's resident and the neighbours are of one household, as they agreed by a code.
fn live_together(tx: &mut Tx<'_>, people: &People, stage: &Stage<'_>, today: NaiveDate) -> Result<()> {
    let head = actor(stage, Role::Resident)?;
    households::found(tx, head, today)?;
    let (code, _) = households::invite(tx, people, head, today)?;
    for neighbour in stage.neighbours {
        households::join(tx, people, *neighbour, &code, today)?;
    }
    households::invite(tx, people, head, today).map(drop)
}

/// Who of the cast speaks for a role.
fn actor(stage: &Stage<'_>, role: Role) -> Result<PersonId> {
    let at = CAST.iter().position(|(own, _)| *own == role);
    let found = at.and_then(|at| stage.cast.get(at)).copied();
    found.ok_or_else(|| Error::internal(format!("nobody of the demo speaks for {role}")))
}

fn give(
    tx: &mut Tx<'_>,
    by: By<'_>,
    person: PersonId,
    role: Role,
    (body_kind, body): (BodyKind, uuid::Uuid),
    unit: UnitId,
    title: Option<&str>,
) -> Result<()> {
    let new = NewMembership {
        person,
        role,
        body_kind,
        body,
        unit: Some(unit),
        from_day: by.today,
        to_day: None,
        deputy: false,
        title: title.map(str::to_owned),
    };
    grant(tx, by, &new, None).map(drop)
}
