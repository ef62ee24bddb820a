//! The licences of everything that the product is built of.

use std::process::Command;

use serde_json::Value;

/// What may be built in.
const ALLOWED: [&str; 16] = [
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Of data: the list of root certificates.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    // Of libpq, which is built in.
    "PostgreSQL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Exceptions that only permit more.
const ALLOWED_EXCEPTIONS: [&str; 1] = ["LLVM-exception"];

/// Whether an SPDX expression can be met by allowed licences alone.
fn is_allowed(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let allowed = any_of(&words, &mut at)?;
    if at == words.len() {
        Ok(allowed)
    } else {
        Err(format!("{expression:?} cannot be read from word {at} on"))
    }
}

fn any_of(words: &[&str], at: &mut usize) -> Result<bool, String> {
    let mut allowed = all_of(words, at)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= all_of(words, at)?;
    }
    Ok(allowed)
}

fn all_of(words: &[&str], at: &mut usize) -> Result<bool, String> {
    let mut allowed = one(words, at)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at)?;
    }
    Ok(allowed)
}

fn one(words: &[&str], at: &mut usize) -> Result<bool, String> {
    let word = *words.get(*at).ok_or("it ends too early")?;
    *at += 1;
    if word == "(" {
        let allowed = any_of(words, at)?;
        if words.get(*at) != Some(&")") {
            return Err("a bracket is not closed".into());
        }
        *at += 1;
        return Ok(allowed);
    }
    let mut allowed = ALLOWED.contains(&word);
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).ok_or("WITH what?")?;
        allowed &= ALLOWED_EXCEPTIONS.contains(exception);
        *at += 2;
    }
    Ok(allowed)
}

#[test]
fn an_expression_is_read_as_spdx_has_it() {
    for (expression, allowed) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT/Apache-2.0", true),
        ("(MIT OR GPL-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND LGPL-2.1", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0 WITH Classpath-exception-2.0", false),
        ("GPL-2.0 OR MIT AND BSD-3-Clause", true),
    ] {
        assert_eq!(is_allowed(expression), Ok(allowed), "{expression}");
    }
    for unreadable in ["", "MIT Apache-2.0", "(MIT", "MIT OR"] {
        assert!(is_allowed(unreadable).is_err(), "{unreadable}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--all-features"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 100, "only {} packages", packages.len());
    let mut wrong = Vec::new();
    for package in packages {
        let name = format!("{} {}", package["name"], package["version"]);
        match package["license"].as_str() {
            None => wrong.push(format!("{name}: no licence is named")),
            Some(expression) => match is_allowed(expression) {
                Ok(true) => {}
                Ok(false) => wrong.push(format!("{name}: {expression}")),
                Err(why) => wrong.push(format!("{name}: {expression}: {why}")),
            },
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
