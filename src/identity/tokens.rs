//! Access tokens: JWTs (RFC 7519) signed with Ed25519, for a quarter of an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::model::{PersonId, SessionId};
use super::revoked::Revoked;
use crate::clock::{self, Timestamp};
use crate::error::{Error, Reason, Result};
use crate::gate::{self, Credentials};
use crate::secret::SecretKey;

/// Who makes the tokens.
const ISSUER: &str = "onegrid";
/// For whom they are.
const AUDIENCE: &str = "onegrid-api";
/// What kind of JWT they are (RFC 9068).
const KIND: &str = "at+jwt";
/// How long one is good, in seconds.
pub const LIFETIME_S: i64 = 15 * 60;
/// By how much the clocks of two instances may differ, in seconds.
const LEEWAY_S: i64 = 5;
/// After this long no token of a session is good, in seconds; tokens made on the
/// server itself live longer than usual.
pub(super) const OUTLIVED_S: i64 = LONGEST_S + 2 * LEEWAY_S;
/// The longest that any token is good, in seconds.
pub const LONGEST_S: i64 = 12 * 3600;
/// No token of ours is longer, in bytes.
const LONGEST_TOKEN: usize = 2048;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 50_000;
/// In so many parts, each with a lock of its own.
const PARTS: usize = 16;

/// What a good token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Whose it is.
    pub person: PersonId,
    /// Of which session.
    pub session: SessionId,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: PersonId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

struct Key {
    id: String,
    public: String,
    verifying: DecodingKey,
}

/// What was verified, with the second at which it runs out, by SHA-256.
type Verified = HashMap<[u8; 32], (Signed, i64)>;

/// Makes and verifies access tokens.
pub struct Tokens {
    signing: EncodingKey,
    /// The one that signs first.
    keys: Vec<Key>,
    rules: Validation,
    revoked: Arc<Revoked>,
    verified: [Mutex<Verified>; PARTS],
}

impl Tokens {
    /// The first of these keys signs, each of them verifies.
    pub fn new(seeds: &[SecretKey], revoked: Arc<Revoked>) -> Result<Self> {
        let first = seeds
            .first()
            .ok_or_else(|| Error::internal("there is no key to sign tokens with"))?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The crate asks the system for the time; `is_timely` asks our clock, by
        // which the claims were written.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        Ok(Self {
            signing: EncodingKey::from_ed_der(&pkcs8(first)),
            keys: seeds.iter().map(key).collect::<Result<_>>()?,
            rules,
            revoked,
            verified: Default::default(),
        })
    }

    /// Whether this session ended: what was given to it counts no more.
    pub fn is_over(&self, signed: gate::Signed) -> bool {
        self.revoked.has(SessionId::from_uuid(signed.session))
    }

    /// A token for this session, with the seconds that it is good.
    pub fn issue(&self, signed: Signed, lifetime_s: i64) -> Result<String> {
        let now = now_s();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: signed.person,
            sid: signed.session,
            iat: now,
            nbf: now,
            exp: now + lifetime_s.min(LONGEST_S),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(KIND.to_owned());
        header.kid = self.keys.first().map(|key| key.id.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(Error::internal)
    }

    /// Whose token this is; refused unless it is ours, of now, and its session goes on.
    pub fn verify(&self, bearer: &str) -> Result<Signed> {
        self.verified_until(bearer).map(|(signed, _)| signed)
    }

    /// The same, with the second at which it runs out.
    fn verified_until(&self, bearer: &str) -> Result<(Signed, i64)> {
        let refused = || Error::refused(Reason::Unauthenticated);
        if bearer.len() > LONGEST_TOKEN {
            return Err(refused());
        }
        let hash: [u8; 32] = Sha256::digest(bearer.as_bytes()).into();
        let (signed, exp) = match self.remembered(&hash) {
            Some(known) => known,
            None => {
                let claims = self.decode(bearer).ok_or_else(refused)?;
                let signed = Signed {
                    person: claims.sub,
                    session: claims.sid,
                };
                self.remember(hash, signed, claims.exp);
                (signed, claims.exp)
            }
        };
        if self.revoked.has(signed.session) {
            return Err(refused());
        }
        Ok((signed, exp))
    }

    /// The public keys as a JWK set (RFC 7517, RFC 8037).
    pub fn public_keys(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id, "x": key.public,
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }

    fn decode(&self, bearer: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(bearer).ok()?;
        let key = self.keys.iter().find(|key| header.kid.as_ref() == Some(&key.id))?;
        if header.typ.as_deref() != Some(KIND) || header.crit.is_some() {
            return None;
        }
        let token = jsonwebtoken::decode::<Claims>(bearer, &key.verifying, &self.rules).ok()?;
        is_timely(&token.claims).then_some(token.claims)
    }

    fn part(&self, hash: &[u8; 32]) -> &Mutex<Verified> {
        &self.verified[usize::from(hash[0]) % PARTS]
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<(Signed, i64)> {
        let part = self.part(hash).lock().unwrap_or_else(PoisonError::into_inner);
        let (signed, exp) = part.get(hash)?;
        (*exp + LEEWAY_S > now_s()).then_some((*signed, *exp))
    }

    fn remember(&self, hash: [u8; 32], signed: Signed, exp: i64) {
        let mut part = self.part(&hash).lock().unwrap_or_else(PoisonError::into_inner);
        if part.len() >= REMEMBERED / PARTS {
            let now = now_s();
            part.retain(|_, (_, exp)| *exp + LEEWAY_S > now);
            if part.len() >= REMEMBERED / PARTS {
                // Whoever is still good is verified once more.
                part.clear();
            }
        }
        part.insert(hash, (signed, exp));
    }
}

impl Credentials for Tokens {
    fn good_until(&self, bearer: &str) -> Result<(gate::Signed, Timestamp)> {
        let (signed, exp) = self.verified_until(bearer)?;
        let signed = gate::Signed {
            person: signed.person.uuid(),
            session: signed.session.uuid(),
        };
        Ok((signed, Timestamp::from_micros((exp + LEEWAY_S) * 1_000_000)))
    }

    fn is_over(&self, signed: gate::Signed) -> bool {
        Self::is_over(self, signed)
    }
}

/// Whether the time is between the claims' `nbf` and `exp`, and both are such as
/// we write.
fn is_timely(claims: &Claims) -> bool {
    let now = now_s();
    claims.exp.saturating_add(LEEWAY_S) > now
        && claims.nbf.saturating_sub(LEEWAY_S) <= now
        && claims.exp.saturating_sub(claims.nbf) <= LONGEST_S
}

fn now_s() -> i64 {
    clock::now().micros().div_euclid(1_000_000)
}

fn key(seed: &SecretKey) -> Result<Key> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.reveal()).map_err(|_| Error::internal("not an Ed25519 key"))?;
    let public = URL_SAFE_NO_PAD.encode(pair.public_key());
    // The thumbprint of RFC 7638: the members in this order, without blanks.
    let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#));
    Ok(Key {
        id: URL_SAFE_NO_PAD.encode(thumbprint),
        verifying: DecodingKey::from_ed_components(&public).map_err(Error::internal)?,
        public,
    })
}

/// A seed as PKCS #8 (RFC 8410, 7): what stands before its 32 bytes never differs.
fn pkcs8(seed: &SecretKey) -> Vec<u8> {
    const BEFORE: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    [BEFORE.as_slice(), seed.reveal()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(seeds: &[u8]) -> Tokens {
        let seeds: Vec<SecretKey> = seeds.iter().map(|byte| SecretKey::new([*byte; 32])).collect();
        Tokens::new(&seeds, Arc::default()).expect("keys")
    }

    fn somebody() -> Signed {
        Signed {
            person: PersonId::new(),
            session: SessionId::new(),
        }
    }

    #[test]
    fn a_token_is_good_where_its_key_is_known_and_nowhere_else() {
        let signed = somebody();
        let token = tokens(&[1]).issue(signed, LIFETIME_S).expect("a token");
        assert!(token.len() < 500, "{}", token.len());
        for good in [tokens(&[1]), tokens(&[2, 1])] {
            for _ in 0..2 {
                assert_eq!(good.verify(&token).expect("good"), signed);
            }
        }
        assert!(tokens(&[2]).verify(&token).is_err());
    }

    #[test]
    fn the_memory_of_verified_tokens_is_bounded() {
        let tokens = tokens(&[1]);
        for number in 0..(REMEMBERED as u64 * 2) {
            let hash = Sha256::digest(number.to_be_bytes()).into();
            tokens.remember(hash, somebody(), now_s() + 60);
        }
        let kept: usize = tokens
            .verified
            .iter()
            .map(|part| part.lock().expect("whole").len())
            .sum();
        assert!(kept <= REMEMBERED, "{kept}");
    }

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        // The key and thumbprint of RFC 8037, appendix A.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let tokens = Tokens::new(&[seed.parse().expect("a key")], Arc::default()).expect("keys");
        let public = tokens.public_keys();
        assert_eq!(public["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(public["keys"][0]["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
