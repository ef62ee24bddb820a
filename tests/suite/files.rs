//! Pictures and voice: taken for what they are, kept without what came with them, given
//! only to whom they belong, and forgotten.

use std::io::Cursor;
use std::io::Write;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use onegrid::db::{Db, Target};
use onegrid::files::{FileId, refer, unrefer};
use onegrid::identity::PersonId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli_world::Sql;
use crate::harness::small_s3::{Mood, SmallS3};
use crate::harness::{Answer, Client, World, both_databases, until};
use crate::moved_clock::set_clock;

/// What must not be kept of where a picture was taken.
const PLACE: &[u8] = b"31.2304N121.4737E";

/// A picture whose left half is red.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([220, 20, 20])
        } else {
            Rgb([20, 20, 220])
        }
    })
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    picture(width, height).write_with_encoder(encoder).expect("written");
    bytes
}

/// The same as a phone writes it: held upright, and with the place where it was taken.
fn jpeg_with_place(width: u32, height: u32) -> Vec<u8> {
    let plain = jpeg(width, height);
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(2_u16.to_le_bytes());
    // Orientation: turned to the right.
    tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
    // The directory of the place, behind this one.
    tiff.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0]);
    tiff.extend(38_u32.to_le_bytes());
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(1_u16.to_le_bytes());
    tiff.extend([0x1d, 0, 2, 0]);
    tiff.extend(u32::try_from(PLACE.len()).expect("short").to_le_bytes());
    tiff.extend(56_u32.to_le_bytes());
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(PLACE);
    let mut exif = b"Exif\0\0".to_vec();
    exif.extend(tiff);
    let length = u16::try_from(exif.len() + 2).expect("short");
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    bytes
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).expect("short");
    [&length.to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

/// A PNG that says that it has so many pixels, with these bytes as its compressed rows.
fn png_of(width: u32, height: u32, rows: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", rows),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// So many zeros, compressed.
fn bomb(zeros: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 20];
    for _ in 0..zeros >> 20 {
        encoder.write_all(&block).expect("memory");
    }
    encoder.finish().expect("memory")
}

/// A recording of so many frames of 20 ms, as phones write them.
fn amr(frames: usize) -> Vec<u8> {
    let mut bytes = b"#!AMR\n".to_vec();
    for _ in 0..frames {
        bytes.push(0x3c);
        bytes.extend([0x55; 31]);
    }
    bytes
}

fn two_days_ago() -> SystemTime {
    let now = u64::try_from(onegrid::clock::now().micros()).expect("after 1970");
    SystemTime::UNIX_EPOCH + Duration::from_micros(now) - Duration::from_secs(2 * 86_400)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn upload(client: &Client, name: &str, bytes: &[u8]) -> Answer {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    client.upload(&format!("/v1/files?name={name}"), bytes)
}

fn path_of(file: &Value, variant: &str) -> String {
    let addresses = file["addresses"].as_array().expect("addresses");
    let one = addresses.iter().find(|one| one["variant"] == variant).expect("a form");
    one["path"].as_str().expect("a path").to_owned()
}

fn id_of(file: &Value) -> String {
    file["id"].as_str().expect("an id").to_owned()
}

/// Every file below the world's folder of files.
pub fn kept(world: &World) -> Vec<std::path::PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![world.path("files")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found
}

both_databases! {
    fn a_photo_loses_the_place_where_it_was_taken_and_whatever_else_came_with_it(world: &World) {
        let server = world.serve();
        let mei = server.person(1);
        let mut bytes = jpeg_with_place(1600, 900);
        bytes.extend(b"<html><script>alert(1)</script></html>");
        assert!(has(&bytes, PLACE));
        let file = upload(&mei, "路灯 坏了.JPG", &bytes).with_status(201);
        let location = file.needed_header("location");
        let file = file.json;
        assert_eq!((&file["kind"], &file["media_type"], &file["name"]), (&json!("image"), &json!("image/jpeg"), &json!("路灯 坏了.JPG")));
        // Upright: what was wide is high.
        assert_eq!((&file["width"], &file["height"]), (&json!(900), &json!(1600)));
        let shown = mei.get(&location).ok();
        assert_eq!(id_of(&shown), id_of(&file));
        let anybody = server.anonymous();
        for (variant, longer) in [("original", 1600), ("large", 1280), ("small", 320)] {
            let got = anybody.get(&path_of(&shown, variant)).with_status(200);
            for part in [PLACE, b"Exif", b"script"] {
                assert!(!has(&got.bytes, part), "{variant}: {}", String::from_utf8_lossy(part));
            }
            let read = image::load_from_memory(&got.bytes).expect("a picture");
            assert_eq!((read.width().max(read.height()), read.height() > read.width()), (longer, true), "{variant}");
            // The red half was on the left, and is above now.
            let top = read.to_rgb8().get_pixel(read.width() / 2, 2).0;
            assert!(top[0] > 150 && top[2] < 100, "{variant}: {top:?}");
            let header = |name: &str| got.needed_header(name);
            assert_eq!(header("content-type"), "image/jpeg");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
            assert!(header("cache-control").starts_with("private"));
            let disposition = header("content-disposition");
            assert!(disposition.starts_with("attachment; filename=\"fil_"), "{disposition}");
            let encoded: String = "路灯 坏了".bytes().map(|byte| if byte == b' ' { "%20".into() } else { format!("%{byte:02X}") }).collect();
            assert!(disposition.ends_with(&format!("filename*=UTF-8''{encoded}.jpg")), "{disposition}");
        }
        for path in kept(world) {
            assert!(!has(&std::fs::read(&path).expect("a file"), PLACE), "{}", path.display());
        }
        assert_eq!(kept(world).len(), 3);
        // Its name is sealed.
        let mut sql = Sql::connect(world.database_url());
        let rows = sql.rows_as_text("file").join("");
        let hex: String = "路灯".bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!rows.contains("路灯") && !rows.to_lowercase().contains(&hex));
    }

    fn other_forms_of_pictures_and_voice_are_taken_for_what_they_are(world: &World) {
        let server = world.serve();
        let mei = server.person(1);
        let of = |format: ImageFormat| {
            let mut bytes = Vec::new();
            DynamicImage::ImageRgb8(picture(40, 30)).write_to(&mut Cursor::new(&mut bytes), format).expect("written");
            bytes
        };
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            let file = mei.upload("/v1/files", &of(format)).with_status(201).json;
            assert_eq!((&file["media_type"], &file["width"], &file["name"]), (&json!("image/jpeg"), &json!(40), &Value::Null), "{format:?}");
        }
        let voice = upload(&mei, "留言.amr", &amr(100)).with_status(201).json;
        assert_eq!((&voice["kind"], &voice["duration_ms"], &voice["width"]), (&json!("voice"), &json!(2000), &Value::Null));
        assert_eq!(voice["addresses"].as_array().map(Vec::len), Some(1));
        let got = server.anonymous().get(&path_of(&voice, "original")).with_status(200);
        assert_eq!((got.needed_header("content-type"), got.bytes), ("audio/amr".to_owned(), amr(100)));
    }

    fn what_is_nothing_of_the_kind_is_refused_with_what_to_do(world: &World) {
        let server = world.serve();
        let mei = server.person(1);
        let refused = |bytes: &[u8], status: u16, slug: &str| {
            // Whatever it is called and said to be.
            upload(&mei, "photo.jpg", bytes).is_problem(status, slug);
        };
        refused(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "unsupported-file");
        refused(b"<!DOCTYPE html><html><script>alert(1)</script>", 415, "unsupported-file");
        refused(b"PK\x03\x04\x14\0\0\0", 415, "unsupported-file");
        refused(b"", 415, "unsupported-file");
        let heic = upload(&mei.with("accept-language", "en"), "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
        assert!(heic.is_problem(415, "unsupported-file").json["detail"].as_str().expect("words").contains("JPEG"));
        // A bomb of pixels, by its head alone; and rows that swell without an end.
        refused(&png_of(60_000, 60_000, &bomb(1 << 20)), 422, "too-many-pixels");
        let swollen = upload(&mei, "a.png", &png_of(16, 16, &bomb(512 << 20)));
        assert!([201, 422].contains(&swollen.status), "{swollen:?}");
        let whole = jpeg(400, 300);
        refused(&whole[..40], 422, "broken-file");
        refused(&[&whole[..2], &[0xff; 300][..]].concat(), 422, "broken-file");
        refused(&amr(15_001), 422, "recording-too-long");
        refused(&amr(10)[..100], 422, "broken-file");
        let too_large = [whole, vec![0; 10 << 20]].concat();
        refused(&too_large, 413, "body-too-large");
        server.anonymous().upload("/v1/files", &jpeg(10, 10)).is_problem(401, "unauthenticated");
        mei.upload("/v1/files?nome=x", &jpeg(10, 10)).is_invalid_at(&[("query", "/nome", "unknown_field")]);
        // Names lead nowhere.
        for (name, shown) in [
            ("../../../etc/passwd", json!("passwd")),
            ("..\\..\\windows\\win.ini", json!("win.ini")),
            ("a\u{0}b\r\nx: y.jpg", json!(" y.jpg".trim())),
            ("...", Value::Null),
        ] {
            let file = upload(&mei, name, &jpeg(10, 10)).with_status(201).json;
            assert_eq!(file["name"], shown, "{name:?}");
        }
        let outside = std::fs::read_dir(world.path("")).expect("a folder").flatten();
        assert!(outside.into_iter().all(|entry| !["etc", "passwd"].contains(&entry.file_name().to_str().expect("plain"))));
    }

    fn an_address_is_good_for_its_person_for_five_minutes_while_they_are_signed_in(world: &World) {
        let clock = set_clock(world, "2026-11-02T10:00:00+08:00");
        let server = world.serve_with(&[("ONEGRID_CLOCK_FILE", &clock)]);
        let (mei, li, anybody) = (server.person(1), server.person(2), server.anonymous());
        let file = upload(&mei, "a.jpg", &jpeg(30, 20)).with_status(201).json;
        let own = format!("/v1/files/{}", id_of(&file));
        li.get(&own).is_problem(404, "not-found");
        li.send("DELETE", &own, None).is_problem(404, "not-found");
        let path = path_of(&file, "original");
        anybody.get(&path).with_status(200);
        let mut changed = path.clone();
        let last = changed.pop().expect("letters");
        changed.push(if last == 'A' { 'B' } else { 'A' });
        anybody.get(&changed).is_problem(410, "address-over");
        anybody.get("/files/x").is_problem(410, "address-over");
        let shown = mei.get(&own).ok();
        assert!(shown["addresses"][0]["expires_at"].as_str().expect("a time").starts_with("2026-11-02T02:05:0"), "{shown}");
        set_clock(world, "2026-11-02T10:05:05+08:00");
        until("the five minutes are over", || (anybody.get(&path).status == 410).then_some(()));
        let fresh = path_of(&mei.get(&own).ok(), "original");
        anybody.get(&fresh).with_status(200);
        mei.send("POST", "/v1/auth/logout", None).with_status(204);
        until("she is signed out", || (anybody.get(&fresh).status == 410).then_some(()));
        let mei = server.person(1);
        let fresh = path_of(&mei.get(&own).ok(), "original");
        mei.send("DELETE", &own, None).with_status(204);
        anybody.get(&fresh).is_problem(404, "not-found");
        mei.get(&own).is_problem(404, "not-found");
        until("its bytes are gone", || kept(world).is_empty().then_some(()));
    }

    fn a_repeated_upload_is_one_file_and_there_is_an_end_to_a_days_files(world: &World) {
        let server = world.serve();
        let mei = server.person(1);
        let once = mei.with("idempotency-key", "u1");
        let first = upload(&once, "a.jpg", &jpeg(30, 20)).with_status(201).json;
        assert_eq!(id_of(&upload(&once, "a.jpg", &jpeg(30, 20)).with_status(201).json), id_of(&first));
        upload(&once, "a.jpg", &jpeg(31, 20)).is_problem(422, "idempotency-key-reused");
        let mut sql = Sql::connect(world.database_url());
        assert_eq!(sql.texts("SELECT CAST(count(*) AS TEXT) AS value FROM file WHERE NOT arriving"), ["1"]);
        sql.execute("UPDATE file SET bytes = 209715200");
        let full = upload(&mei, "b.jpg", &jpeg(30, 20));
        full.is_problem(429, "too-many-requests");
        assert_eq!(full.needed_header("retry-after"), "3600");
        upload(&server.person(2), "b.jpg", &jpeg(30, 20)).with_status(201);
    }

    fn what_nobody_uses_is_forgotten_after_a_day_and_what_is_used_stays(world: &World) {
        let server = world.serve();
        let mei = server.person(1);
        let (used, unused) = (upload(&mei, "a.jpg", &jpeg(30, 20)).with_status(201).json, upload(&mei, "b.jpg", &jpeg(30, 20)).with_status(201).json);
        let db = Db::open(&Target::parse(world.database_url()).expect("a database"), 1).expect("it opens");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let file: FileId = id_of(&used).parse().expect("an id");
        let me: PersonId = mei.get("/v1/me").ok()["id"].as_str().expect("an id").parse().expect("a person");
        let case = Uuid::now_v7();
        let is_kept = |of: PersonId| runtime.block_on(db.write(move |tx| refer(tx, file, of, "case", case))).expect("written");
        assert!(!is_kept(PersonId::new()), "only what one handed in oneself");
        assert!(is_kept(me) && is_kept(me));
        mei.send("DELETE", &format!("/v1/files/{}", id_of(&used)), None).is_problem(409, "state-conflict");
        let mut sql = Sql::connect(world.database_url());
        sql.execute("UPDATE file SET created_at = created_at - 86401000000");
        let told = world.run(&["retention", "--dry-run"]).succeeded().out.clone();
        assert!(told.lines().any(|line| line == "unused_files\t1"), "{told}");
        assert_eq!(kept(world).len(), 6);
        world.run(&["retention"]).succeeded();
        until("the bytes of what was not used are gone", || (kept(world).len() == 3).then_some(()));
        mei.get(&format!("/v1/files/{}", id_of(&unused))).is_problem(404, "not-found");
        server.anonymous().get(&path_of(&mei.get(&format!("/v1/files/{}", id_of(&used))).ok(), "small")).with_status(200);
        runtime.block_on(db.write(move |tx| unrefer(tx, file, "case", case))).expect("written");
        world.run(&["retention"]).succeeded();
        until("nothing is left", || kept(world).is_empty().then_some(()));
    }

    fn bytes_that_no_row_names_are_swept(world: &World) {
        let folder = world.path("files").join(Uuid::now_v7().simple().to_string());
        std::fs::create_dir_all(&folder).expect("a folder");
        let old = std::fs::File::create(folder.join("original")).expect("a file");
        old.set_modified(two_days_ago()).expect("set");
        let young = world.path("files").join(Uuid::now_v7().simple().to_string());
        std::fs::create_dir_all(&young).expect("a folder");
        std::fs::write(young.join("original"), b"x").expect("a file");
        let _server = world.serve();
        until("the old one is swept", || (!folder.join("original").exists()).then_some(()));
        assert!(young.join("original").exists());
    }

    fn in_s3_files_are_put_given_and_removed_and_its_failures_lose_nothing(world: &World) {
        let s3 = SmallS3::start();
        let settings = s3.settings();
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let checked = world.run_with(&["check"], &settings);
        let told = checked.succeeded().out.clone();
        assert!(told.contains("ok     files: s3://onegrid-test/city/files takes, gives and removes an object"), "{told}");
        let server = world.serve_with(&settings);
        let mei = server.person(1);
        let file = upload(&mei, "a.jpg", &jpeg_with_place(300, 200)).with_status(201).json;
        let names = s3.names();
        assert!(names.len() == 3 && names.iter().all(|name| name.starts_with("city/files/")), "{names:?}");
        assert!(!has(&s3.bytes(), PLACE));
        let anybody = server.anonymous();
        anybody.get(&path_of(&file, "small")).with_status(200);
        // It fails: nothing is said to be there that is not, and the next try is a whole one.
        s3.feels(Mood::Failing);
        let failed = upload(&mei, "b.jpg", &jpeg(30, 20));
        failed.is_problem(503, "files-unavailable");
        failed.needed_header("retry-after");
        anybody.get(&path_of(&file, "small")).is_problem(503, "files-unavailable");
        world.run_with(&["check"], &settings).failed_with(&["FAULT  files"]);
        s3.feels(Mood::Slow(300));
        upload(&mei, "b.jpg", &jpeg(30, 20)).with_status(201);
        // It keeps silent: whoever waits is told so, in time.
        s3.feels(Mood::Slow(60_000));
        anybody.get(&path_of(&file, "small")).is_problem(503, "files-unavailable");
        s3.feels(Mood::Failing);
        mei.send("DELETE", &format!("/v1/files/{}", id_of(&file)), None).with_status(204);
        s3.feels(Mood::Well);
        until("what was removed is gone, however often it took", || (s3.names().len() == 3).then_some(()));
        let mut sql = Sql::connect(world.database_url());
        assert_eq!(sql.texts("SELECT CAST(count(*) AS TEXT) AS value FROM file WHERE arriving"), ["1"], "the upload that failed");
        sql.execute("UPDATE file SET created_at = created_at - 86401000000");
        world.run_with(&["retention"], &settings).succeeded();
        until("all is forgotten", || (s3.names().is_empty() && sql.count("file") == 0).then_some(()));
        assert_eq!(s3.faults(), [""; 0]);
    }
}

#[test]
fn with_postgresql_it_must_be_said_where_files_lie() {
    let world = World::postgres();
    let ran = world.run_with(&["serve"], &[("ONEGRID_FILES", "")]);
    ran.failed_with(&["ONEGRID_FILES", "with PostgreSQL it must be set"]);
}
