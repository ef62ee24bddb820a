//! Somebody in each role, with tokens made by the command line.

use super::client::Client;
use super::fixtures::{CITY, unit_id};
use super::people::{bearing, phone};
use super::program::Program;
use super::server::Server;
use super::until;

/// The number of the person who is staff of the city in every world that needs one.
const STAFF: u32 = 9000;

/// A token for the city's staff, who come into a world when they are first asked for,
/// and the city with them.
pub fn staff_token(program: &Program) -> String {
    let units = program.folder.join("the-city.csv");
    std::fs::write(&units, CITY).expect("the folder can be written");
    program
        .run(&["import", "units", &units.display().to_string()])
        .succeeded();
    issue(program, STAFF, Some(("city_staff", "4299")))
}

/// A token in the name of this person, with a role at a unit where one is named.
pub fn issue(program: &Program, person: u32, role: Option<(&str, &str)>) -> String {
    let phone = phone(person);
    let mut arguments = vec!["token", "issue", "--phone", &phone];
    if let Some((role, unit)) = role {
        arguments.extend(["--role", role, "--unit", unit]);
    }
    let ran = program.run(&arguments);
    ran.succeeded();
    ran.out.trim().to_owned()
}

impl Server {
    /// Staff of the city, who may change any place and door.
    pub fn staff(&self) -> Client {
        let client = bearing(self, &self.staff_token());
        let known = || (client.send("POST", "/v1/circle/batch", None).status != 403).then_some(());
        until("the server knows the city's staff", known);
        client
    }

    /// The person with this number in a role at the unit with this code, as soon as the
    /// server knows.
    #[track_caller]
    pub fn holding(&self, person: u32, role: &str, unit: &str) -> Client {
        let client = bearing(self, &issue(self.program(), person, Some((role, unit))));
        let path = format!("/v1/units/{}/members", unit_id(&self.anonymous(), unit));
        if role == "resident" {
            let home = || (client.get("/v1/me/grid").ok()["home"].is_object()).then_some(());
            until("the server knows the resident", home);
        } else {
            until("the server knows the role", || {
                (client.get(&path).status == 200).then_some(())
            });
        }
        client
    }

    /// The person with this number, whatever they are.
    pub fn person(&self, person: u32) -> Client {
        bearing(self, &issue(self.program(), person, None))
    }
}
