//! People of the tests: their phones, and how they sign in.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::fake_service::{Asked, FakeService};
use super::server::Server;
use super::until;
use super::world::World;

/// The keys of all worlds.
pub const MASTER_KEY: &str = "5f1c0a7be2d94836f0a1b2c3d4e5f60718293a4b5c6d7e8f9aabbccddeeff001";
/// Of the hashes by which phones are found.
pub const LOOKUP_KEY: &str = "c3a5e7091b2d4f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
/// Of access tokens.
pub const JWT_KEY: &str = "0d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2";
/// Of the message service.
pub const SMS_SECRET: &str = "zQ8w-t3Yb6Nc1Vx9Hm4Rk7Ds2Pf5Jg";

/// With these digits the number of every person of the suite begins; nobody else's
/// does, so that a log is searched for them.
const BEGINS: &str = "1990000";

/// The phone of the person with this number, below 10,000.
pub fn phone(number: u32) -> String {
    format!("{BEGINS}{number:04}")
}

/// The numbers of people that stand in a text.
pub fn phones_in(text: &str) -> Vec<String> {
    text.match_indices(BEGINS)
        .filter_map(|(at, _)| text.get(at..at + 11))
        .filter(|number| number.bytes().all(|c| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// The service that sends text messages: it keeps them.
pub struct Messages(FakeService);

impl Messages {
    /// One that takes every message.
    pub fn start() -> Self {
        Self(FakeService::start(|_| (200, "{}".into())))
    }

    /// One that answers like this.
    pub fn answering(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self(FakeService::start(answer))
    }

    /// The requests that came.
    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked()
    }

    /// Starts a server that sends its codes here.
    pub fn serve(&self, world: &World) -> Server {
        self.serve_with(world, &[])
    }

    /// The same with further settings.
    pub fn serve_with(&self, world: &World, settings: &[(&str, &str)]) -> Server {
        let url = self.0.url();
        let mut all = vec![("ONEGRID_SMS_URL", url.as_str()), ("ONEGRID_SMS_SECRET", SMS_SECRET)];
        all.extend(settings);
        world.serve_with(&all)
    }

    /// The codes sent to a phone, the first first.
    pub fn codes_of(&self, phone: &str) -> Vec<String> {
        let international = format!("+86{phone}");
        let bodies = self
            .asked()
            .into_iter()
            .map(|asked| serde_json::from_str::<Value>(&asked.body).expect("JSON"));
        bodies
            .filter(|body| body["phone"] == international || body["phone"] == phone)
            .map(|body| body["code"].as_str().expect("a code").to_owned())
            .collect()
    }

    /// Asks for a code and waits for it to come.
    #[track_caller]
    pub fn code(&self, client: &Client, phone: &str) -> String {
        let before = self.codes_of(phone).len();
        ask_code(client, phone).with_status(202);
        until("the code came", || self.codes_of(phone).get(before).cloned())
    }

    /// Signs somebody in; what they hold then.
    #[track_caller]
    pub fn sign_in(&self, server: &Server, phone: &str) -> Holder {
        let client = server.anonymous();
        let code = self.code(&client, phone);
        let tokens = try_code(&client, phone, &code).with_status(201).json;
        Holder::of(server, tokens)
    }
}

/// Asks for a code.
pub fn ask_code(client: &Client, phone: &str) -> Answer {
    client.post("/v1/auth/codes", &json!({ "phone": phone }))
}

/// Tries a code.
pub fn try_code(client: &Client, phone: &str, code: &str) -> Answer {
    client.post("/v1/auth/sessions", &json!({ "phone": phone, "code": code }))
}

/// A code that is not this one.
pub fn another_code(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Holder {
    /// What the sign-in or the last renewal gave.
    pub tokens: Value,
}

impl Holder {
    /// Of these tokens.
    #[track_caller]
    pub fn of(server: &Server, tokens: Value) -> Self {
        let holder = Self { tokens };
        let me = holder.on(server).get("/v1/me").ok();
        assert_eq!(me["id"], holder.tokens["person_id"]);
        holder
    }

    /// The access token.
    pub fn access_token(&self) -> &str {
        self.tokens["access_token"].as_str().expect("a token")
    }

    /// The refresh token.
    pub fn refresh_token(&self) -> &str {
        self.tokens["refresh_token"].as_str().expect("a token")
    }

    /// They ask this server.
    pub fn on(&self, server: &Server) -> Client {
        bearing(server, self.access_token())
    }
}

/// Whoever holds this token asks a server.
pub fn bearing(server: &Server, token: &str) -> Client {
    server.anonymous().with("authorization", &format!("Bearer {token}"))
}

/// Exchanges a refresh token.
pub fn refresh(server: &Server, token: &str) -> Answer {
    server
        .anonymous()
        .post("/v1/auth/refresh", &json!({ "refresh_token": token }))
}
