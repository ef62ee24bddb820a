//! Access tokens that are forged, bent, old or somebody else's: all are refused.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onegrid::clock;
use onegrid::secret::SecretKey;
use serde_json::{Value, json};

use crate::harness::people::{Holder, JWT_KEY, Messages, bearing, phone, try_code};
use crate::harness::{Server, World, both_databases};

const OTHER_KEY: &str = "77e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6";

fn pair(key: &str) -> Ed25519KeyPair {
    let key: SecretKey = key.parse().expect("a key");
    Ed25519KeyPair::from_seed_unchecked(key.reveal()).expect("a pair")
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with these parts, signed with this key.
fn signed(header: &Value, claims: &Value, key: &str) -> String {
    let said = format!("{}.{}", part(header), part(claims));
    let signature = pair(key).sign(said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// The parts of a good token.
fn parts(token: &str) -> (Value, Value) {
    let read = |part: Option<&str>| {
        let bytes = URL_SAFE_NO_PAD.decode(part.expect("a part")).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let mut parts = token.split('.');
    (read(parts.next()), read(parts.next()))
}

/// The same with a member set, or without it where the value is null.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object
}

fn now_s() -> i64 {
    clock::now().micros() / 1_000_000
}

#[track_caller]
fn is_refused(server: &Server, what: &str, token: &str) {
    for _ in 0..2 {
        let answer = bearing(server, token).get("/v1/me");
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        answer.is_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
    }
    // Nor is anybody's question answered who holds it.
    bearing(server, token)
        .get("/v1/units")
        .is_problem(401, "unauthenticated");
}

both_databases! {
    fn a_token_that_is_not_ours_as_we_made_it_is_refused(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let holder = messages.sign_in(&server, &phone(200));
        let token = holder.access_token();
        let (header, claims) = parts(token);
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(claims["sub"], holder.tokens["person_id"]);
        assert_eq!(claims["exp"].as_i64().expect("exp") - claims["nbf"].as_i64().expect("nbf"), 900);
        // What is changed below is all that keeps these from being good.
        let remade = signed(&header, &claims, JWT_KEY);
        bearing(&server, &remade).get("/v1/me").ok();

        let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        for alg in ["none", "None", "NONE", "nOnE"] {
            let header = part(&with(&header, "alg", json!(alg)));
            is_refused(&server, alg, &format!("{header}.{body}."));
            is_refused(&server, alg, &format!("{header}.{body}.{signature}"));
        }
        // HS256 with what everybody can read at /.well-known/jwks.json as its secret.
        let public = pair(JWT_KEY);
        let public = public.public_key().as_ref();
        let jwks = server.anonymous().get("/.well-known/jwks.json").ok();
        let x = jwks["keys"][0]["x"].as_str().expect("x");
        assert_eq!(URL_SAFE_NO_PAD.encode(public), x);
        for secret in [public, x.as_bytes(), jwks.to_string().as_bytes()] {
            let said = format!("{}.{body}", part(&with(&header, "alg", json!("HS256"))));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), said.as_bytes());
            is_refused(&server, "HS256", &format!("{said}.{}", URL_SAFE_NO_PAD.encode(tag)));
        }
        for (what, header) in [
            ("unknown kid", with(&header, "kid", json!("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"))),
            ("no kid", with(&header, "kid", Value::Null)),
            ("another kind", with(&header, "typ", json!("JWT"))),
            ("no kind", with(&header, "typ", Value::Null)),
            ("critical extension", with(&header, "crit", json!(["b64"]))),
            ("ES256", with(&header, "alg", json!("ES256"))),
            ("no alg", with(&header, "alg", Value::Null)),
        ] {
            is_refused(&server, what, &signed(&header, &claims, JWT_KEY));
        }
        // A key of the attacker, also where the token brings it along.
        is_refused(&server, "another's key", &signed(&header, &claims, OTHER_KEY));
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair(OTHER_KEY).public_key()) });
        is_refused(&server, "its own key", &signed(&with(&header, "jwk", jwk), &claims, OTHER_KEY));

        let now = now_s();
        for (what, claims) in [
            ("wrong audience", with(&claims, "aud", json!("another-api"))),
            ("wrong issuer", with(&claims, "iss", json!("https://evil.example"))),
            ("expired", with(&with(&claims, "exp", json!(now - 6)), "nbf", json!(now - 900))),
            ("before nbf", with(&claims, "nbf", json!(now + 10))),
            ("good for ever", with(&claims, "exp", json!(now + 10 * 365 * 86_400))),
            ("exp as text", with(&claims, "exp", json!((now + 600).to_string()))),
            ("exp beyond numbers", with(&claims, "exp", json!(1e300))),
            ("nobody's", with(&claims, "sub", json!("per_"))),
            ("a session for a person", with(&claims, "sub", claims["sid"].clone())),
        ] {
            is_refused(&server, what, &signed(&header, &claims, JWT_KEY));
        }
        for name in ["exp", "iss", "aud", "nbf", "sub", "sid"] {
            is_refused(&server, &format!("no {name}"), &signed(&header, &with(&claims, name, Value::Null), JWT_KEY));
        }

        for end in [1, head.len(), head.len() + 1, head.len() + body.len() + 1, token.len() - 1, token.len() - 40] {
            is_refused(&server, "truncated", &token[..end]);
        }
        is_refused(&server, "more parts", &format!("{token}.{body}"));
        is_refused(&server, "oversized", &format!("{token}{}", "A".repeat(4000)));
        let large = with(&claims, "padding", json!("x".repeat(2000)));
        is_refused(&server, "signed, and oversized", &signed(&header, &large, JWT_KEY));
        for empty in [".", "..", "a.b.c", "{}.{}.{}"] {
            is_refused(&server, "nothing", empty);
        }
        // The token itself has come to no harm.
        bearing(&server, token).get("/v1/me").ok();
        let none = server.anonymous().get("/v1/me");
        none.is_problem(401, "unauthenticated");
        // Who is signed in is not thereby an operator.
        holder.on(&server).post("/v1/places", &json!({})).is_problem(403, "forbidden");
    }

    fn who_comes_for_a_new_token_may_send_the_old_one_along(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let holder = messages.sign_in(&server, &phone(205));
        let (header, claims) = parts(holder.access_token());
        let old = with(&with(&claims, "exp", json!(now_s() - 6)), "nbf", json!(now_s() - 900));
        let expired = format!("Bearer {}", signed(&header, &old, JWT_KEY));
        let mut refresh_token = holder.refresh_token().to_owned();
        let every = [expired.as_str(), "Bearer x", "Bearer", "Basic eDp5", ""];
        for (number, stale) in (206..).zip(every) {
            let client = server.anonymous().with("authorization", stale);
            client.get("/v1/units").is_problem(401, "unauthenticated");
            let code = messages.code(&client, &phone(number));
            try_code(&client, &phone(number), &code).with_status(201);
            let renewed = client.post("/v1/auth/refresh", &json!({ "refresh_token": refresh_token })).ok();
            refresh_token = renewed["refresh_token"].as_str().expect("a token").to_owned();
        }
        // It gives no right either.
        let me = bearing(&server, "x").get("/v1/me");
        me.is_problem(401, "unauthenticated");
    }

    fn a_key_takes_the_place_of_another_without_anybody_signing_in_again(world: &World) {
        let messages = Messages::start();
        let both_of_old = format!("{JWT_KEY},{OTHER_KEY}");
        let both_of_new = format!("{OTHER_KEY},{JWT_KEY}");
        let sign_in = |keys: &str, number: u32| {
            let server = messages.serve_with(world, &[("ONEGRID_JWT_KEYS", keys)]);
            let holder = messages.sign_in(&server, &phone(number));
            (server, holder)
        };
        let (old, by_old) = sign_in(JWT_KEY, 210);
        let (prepared, by_prepared) = sign_in(&both_of_old, 211);
        let (changed, by_changed) = sign_in(&both_of_new, 212);
        let (new, by_new) = sign_in(OTHER_KEY, 213);
        let is_good = |holder: &Holder, server: &Server| holder.on(server).get("/v1/me").status == 200;
        let good = |holder: &Holder| [&old, &prepared, &changed, &new].map(|server| is_good(holder, server));
        assert_eq!(good(&by_old), [true, true, true, false]);
        assert_eq!(good(&by_prepared), [true, true, true, false]);
        assert_eq!(good(&by_changed), [false, true, true, true]);
        assert_eq!(good(&by_new), [false, true, true, true]);
        let kids = |server: &Server| -> Vec<String> {
            let keys = server.anonymous().get("/.well-known/jwks.json").ok();
            let keys = keys["keys"].as_array().expect("keys").clone();
            keys.iter().map(|key| key["kid"].as_str().expect("kid").to_owned()).collect()
        };
        assert_eq!(kids(&prepared), [kids(&old), kids(&new)].concat());
        assert_eq!(kids(&changed), [kids(&new), kids(&old)].concat());
        let published = new.anonymous().get("/.well-known/jwks.json").ok();
        assert_eq!(published["keys"][0].as_object().expect("a key").get("d"), None, "no private part");
        assert!(!published.to_string().contains(&OTHER_KEY[..16]));
    }
}
