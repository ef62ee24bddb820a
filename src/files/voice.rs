//! How long something spoken is. Nothing of it is decoded.

use std::io::Cursor;
use std::time::Duration;

use lofty::config::{ParseOptions, ParsingMode};
use lofty::file::{AudioFile, FileType};
use lofty::probe::Probe;

use super::kind::Media;
use crate::error::{Error, Reason, Result};

/// Longer recordings are refused.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// How many bytes a frame of 20 ms has behind its first, by the mode that this names
/// (RFC 4867, 5.3).
const AMR: [usize; 16] = [12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0];
const AMR_WIDE: [usize; 16] = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0];

/// How long it is.
///
/// # Errors
/// Where it is too long, or broken.
pub(super) fn length(bytes: &[u8], media: Media) -> Result<Duration> {
    let length = match media {
        Media::Amr => frames(bytes, "#!AMR\n".len(), &AMR)?,
        Media::AmrWide => frames(bytes, "#!AMR-WB\n".len(), &AMR_WIDE)?,
        Media::Wav => of_container(bytes, FileType::Wav)?,
        Media::Mp3 => of_container(bytes, FileType::Mpeg)?,
        Media::Aac => of_container(bytes, FileType::Aac)?,
        Media::M4a => of_container(bytes, FileType::Mp4)?,
        Media::Ogg => of_ogg(bytes)?,
        _ => return Err(Error::internal("this is nothing spoken")),
    };
    if length.is_zero() {
        return Err(Error::refused(Reason::BrokenFile));
    }
    if length > LONGEST {
        return Err(Error::refused(Reason::RecordingTooLong));
    }
    Ok(length)
}

fn frames(bytes: &[u8], mut at: usize, sizes: &[usize; 16]) -> Result<Duration> {
    let mut count = 0;
    while let Some(first) = bytes.get(at) {
        let mode = usize::from(first >> 3 & 0x0f);
        at += 1 + sizes.get(mode).copied().unwrap_or_default();
        count += 1;
    }
    // The last one must be whole.
    match at == bytes.len() {
        true => Ok(Duration::from_millis(20) * count),
        false => Err(Error::refused(Reason::BrokenFile)),
    }
}

fn of_ogg(bytes: &[u8]) -> Result<Duration> {
    let begins = |mark: &[u8]| bytes.windows(mark.len()).take(256).any(|part| part == mark);
    match begins(b"OpusHead") {
        true => of_container(bytes, FileType::Opus),
        false => of_container(bytes, FileType::Vorbis),
    }
}

fn of_container(bytes: &[u8], kind: FileType) -> Result<Duration> {
    let options = ParseOptions::new()
        .read_tags(false)
        .read_cover_art(false)
        .parsing_mode(ParsingMode::Relaxed);
    let read = Probe::with_file_type(Cursor::new(bytes), kind).options(options).read();
    let read = read.map_err(|_| Error::refused(Reason::BrokenFile))?;
    Ok(read.properties().duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of so many frames in the mode of 12.2 kbit/s.
    fn amr(count: usize) -> Vec<u8> {
        let mut bytes = b"#!AMR\n".to_vec();
        for _ in 0..count {
            bytes.push(0x3c);
            bytes.extend([0x55; 31]);
        }
        bytes
    }

    /// So many milliseconds of 8 kHz, 16 bits.
    pub(in crate::files) fn wav(milliseconds: u32) -> Vec<u8> {
        let data = 16 * milliseconds;
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + data).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        for part in [
            &16_u32.to_le_bytes()[..],
            &[1, 0, 1, 0],
            &8000_u32.to_le_bytes(),
            &16000_u32.to_le_bytes(),
            &[2, 0, 16, 0],
        ] {
            bytes.extend(part);
        }
        bytes.extend(b"data");
        bytes.extend(data.to_le_bytes());
        bytes.extend(vec![0; data as usize]);
        bytes
    }

    #[test]
    fn the_length_of_a_recording_is_read_from_its_frames() {
        let read = |bytes: &[u8], media| length(bytes, media).map(|length| length.as_millis());
        assert_eq!(read(&amr(50), Media::Amr).expect("read"), 1000);
        assert_eq!(read(&wav(1500), Media::Wav).expect("read"), 1500);
        let reason = |bytes: &[u8], media| read(bytes, media).expect_err("refused").reason();
        assert_eq!(reason(&amr(15_001), Media::Amr), Reason::RecordingTooLong);
        assert_eq!(reason(&amr(0), Media::Amr), Reason::BrokenFile);
        let cut = amr(5);
        assert_eq!(reason(&cut[..cut.len() - 1], Media::Amr), Reason::BrokenFile);
        for media in [Media::Wav, Media::Mp3, Media::Aac, Media::M4a, Media::Ogg] {
            assert_eq!(reason(b"nothing of the kind", media), Reason::BrokenFile, "{media:?}");
        }
    }

    #[test]
    fn a_cut_or_changed_recording_is_read_or_refused_and_never_dies() {
        let whole = wav(20);
        for cut in 0..whole.len() {
            let _ = length(&whole[..cut], Media::Wav);
            let mut changed = whole.clone();
            changed[cut] ^= 0xff;
            for media in [Media::Wav, Media::Mp3, Media::Aac, Media::M4a, Media::Ogg, Media::Amr] {
                let _ = length(&changed, media);
            }
        }
    }
}
