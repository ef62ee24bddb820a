//! Roles, and where each may be held.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::grid::model::Level;
use crate::language::Words;

/// What somebody is at a unit or another body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 居民
    Resident,
    /// 楼栋长、中心户
    BuildingHead,
    /// 网格长、网格支部书记
    GridLeader,
    /// 社区、村工作人员
    CommunityStaff,
    /// 街道、镇工作人员
    StreetStaff,
    /// 县、市、区工作人员
    CountyStaff,
    /// 市级工作人员
    CityStaff,
    /// 部门工作人员
    DepartmentOfficer,
    /// 组织成员
    OrganisationMember,
    /// 社工
    SocialWorker,
    /// 商户经营者
    MerchantOperator,
    /// 专家
    Expert,
}

/// What a role can be held at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// A node of the administrative tree.
    Unit,
    /// One of the 1+N+X.
    Organisation,
    /// A government department.
    Department,
}

impl BodyKind {
    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Organisation => "organisation",
            Self::Department => "department",
        }
    }
}

impl FromStr for BodyKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Unit, Self::Organisation, Self::Department]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(())
    }
}

impl Role {
    /// All roles, from the home upwards.
    pub const ALL: [Self; 12] = [
        Self::Resident,
        Self::BuildingHead,
        Self::GridLeader,
        Self::CommunityStaff,
        Self::StreetStaff,
        Self::CountyStaff,
        Self::CityStaff,
        Self::DepartmentOfficer,
        Self::OrganisationMember,
        Self::SocialWorker,
        Self::MerchantOperator,
        Self::Expert,
    ];

    /// Its name in code, tables and API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::BuildingHead => "building_head",
            Self::GridLeader => "grid_leader",
            Self::CommunityStaff => "community_staff",
            Self::StreetStaff => "street_staff",
            Self::CountyStaff => "county_staff",
            Self::CityStaff => "city_staff",
            Self::DepartmentOfficer => "department_officer",
            Self::OrganisationMember => "organisation_member",
            Self::SocialWorker => "social_worker",
            Self::MerchantOperator => "merchant_operator",
            Self::Expert => "expert",
        }
    }

    /// What it is called, as in "you are now …".
    pub fn words(self) -> Words {
        match self {
            Self::Resident => Words::new("居民", "a resident"),
            Self::BuildingHead => Words::new("楼栋长", "the building head"),
            Self::GridLeader => Words::new("网格长", "the grid leader"),
            Self::CommunityStaff => Words::new("社区工作人员", "community staff"),
            Self::StreetStaff => Words::new("街道工作人员", "street staff"),
            Self::CountyStaff => Words::new("区县工作人员", "county staff"),
            Self::CityStaff => Words::new("市级工作人员", "city staff"),
            Self::DepartmentOfficer => Words::new("部门工作人员", "a department's officer"),
            Self::OrganisationMember => Words::new("组织成员", "a member of an organisation"),
            Self::SocialWorker => Words::new("社工", "a social worker"),
            Self::MerchantOperator => Words::new("商户经营者", "a merchant's operator"),
            Self::Expert => Words::new("专家", "an expert"),
        }
    }

    /// The levels of the units at which it is held; none where it is held at another
    /// kind of body. A village without buildings has residents and heads of groups.
    pub const fn levels(self) -> &'static [Level] {
        match self {
            Self::Resident | Self::BuildingHead => &[Level::Building, Level::Group],
            Self::GridLeader => &[Level::Grid],
            Self::CommunityStaff => &[Level::Community],
            Self::StreetStaff => &[Level::Street],
            Self::CountyStaff => &[Level::County],
            Self::CityStaff => &[Level::City],
            Self::DepartmentOfficer
            | Self::OrganisationMember
            | Self::SocialWorker
            | Self::MerchantOperator
            | Self::Expert => &[],
        }
    }

    /// The other body at which it is held. Merchants come with their own room, and
    /// until then nobody can operate one.
    pub const fn body(self) -> Option<BodyKind> {
        match self {
            Self::DepartmentOfficer => Some(BodyKind::Department),
            Self::OrganisationMember | Self::SocialWorker | Self::Expert => Some(BodyKind::Organisation),
            Self::MerchantOperator => None,
            _ => Some(BodyKind::Unit),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(())
    }
}
