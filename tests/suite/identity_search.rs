//! Searching somebody by phone, and tokens made on the server itself: asked within
//! the process, since other rooms decide who may.

use std::sync::Arc;

use onegrid::db::{Db, Target};
use onegrid::error::Reason;
use onegrid::identity::{Keyring, NewPerson, People, PersonId, Phone, PhoneSearch, Revoked, Sessions, Tokens};
use onegrid::language::Language;
use onegrid::secret::SecretKey;

use crate::harness::people::{JWT_KEY, LOOKUP_KEY, MASTER_KEY, Messages, bearing, phone, refresh};
use crate::harness::{World, both_databases, until};

fn key(text: &str) -> SecretKey {
    text.parse().expect("a key")
}

fn number(of: u32) -> Phone {
    phone(of).parse().expect("a number")
}

/// The world's database and people, opened beside its servers.
fn beside(world: &World) -> (Db, People) {
    let target = Target::parse(world.database_url()).expect("an address");
    let db = Db::open(&target, 1).expect("it opens");
    let keyring = Keyring::new(key(MASTER_KEY), None, &key(LOOKUP_KEY));
    (db, People::new(Arc::new(keyring)))
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Makes the person with this phone.
fn create(db: &Db, people: &People, of: u32, name: &'static str) -> PersonId {
    let people = people.clone();
    let made = run(db.write(move |tx| {
        people.create(
            tx,
            &NewPerson {
                phone: &number(of),
                name: Some(name),
                language: Language::Zh,
            },
        )
    }));
    made.expect("made")
}

both_databases! {
    fn a_phone_is_searched_for_a_hundred_times_a_day(world: &World) {
        world.run(&["migrate"]).succeeded();
        let (db, people) = beside(world);
        let mei = create(&db, &people, 800, "王梅");
        let li = create(&db, &people, 801, "李强");
        let search = PhoneSearch::new(people.clone(), chrono_tz::Asia::Shanghai);
        let find = |asking: PersonId, of: u32| {
            let search = search.clone();
            run(db.write(move |tx| search.find(tx, asking, &number(of))))
        };
        for nth in 0..100 {
            let expected = (nth % 2 == 0).then_some(mei);
            assert_eq!(find(li, if nth % 2 == 0 { 800 } else { 899 }).expect("searched"), expected);
        }
        let refused = find(li, 800).expect_err("once too often");
        assert_eq!(refused.reason(), Reason::TooManyRequests);
        assert!(refused.retry_after_s().is_some());
        assert_eq!(find(mei, 801).expect("searched"), Some(li), "each for themselves");

        let (ids, all) = ([mei, li, PersonId::new()], people.clone());
        let shown = run(db.read(move |conn| all.load_people(conn, &ids))).expect("loaded");
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[&mei].name.as_deref(), Some("王梅"));
        assert_eq!(shown[&mei].phone.as_deref(), Some("199****0800"));
        let whole = run(db.read(move |conn| people.reveal_phone(conn, mei))).expect("loaded");
        assert_eq!(whole, Some(number(800)));
    }

    fn a_token_made_on_the_server_itself_is_good_on_it_and_can_be_ended(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let (db, people) = beside(world);
        let mei = create(&db, &people, 810, "王梅");
        let tokens = Tokens::new(&[key(JWT_KEY)], Arc::new(Revoked::default())).expect("keys");
        let sessions = Arc::new(Sessions::new(people, Arc::new(tokens)));
        let opening = Arc::clone(&sessions);
        let made = run(db.write(move |tx| opening.open_by_operator(tx, mei, 12 * 3600)));
        let (signed, token) = made.expect("made");
        assert_eq!(bearing(&server, &token).get("/v1/me").ok()["name"], "王梅");
        // The person signs in with the number that they were made with.
        let own = messages.sign_in(&server, &phone(810));
        assert_eq!(own.tokens["person_id"], mei.to_string());
        let path = format!("/v1/me/sessions/{}", signed.session);
        own.on(&server).send("DELETE", &path, None).with_status(204);
        until("it is over", || (bearing(&server, &token).get("/v1/me").status == 401).then_some(()));
        refresh(&server, own.refresh_token()).ok();
    }
}
