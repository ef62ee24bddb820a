//! What a file is, read from its first bytes. What its sender calls it counts for nothing.

use crate::error::{Error, Reason, Result};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A WebP picture.
    WebP,
    /// A GIF picture, of which the first frame is taken.
    Gif,
    /// AMR, narrow band: what phones record.
    Amr,
    /// AMR, wide band.
    AmrWide,
    /// WAV.
    Wav,
    /// Ogg, with Opus or Vorbis.
    Ogg,
    /// MP3.
    Mp3,
    /// AAC in ADTS frames.
    Aac,
    /// MP4 with sound only.
    M4a,
    /// JSON that was made here.
    Json,
}

/// Name in the table, media type, extension.
const NAMES: [(Media, &str, &str, &str); 12] = [
    (Media::Jpeg, "jpeg", "image/jpeg", "jpg"),
    (Media::Png, "png", "image/png", "png"),
    (Media::WebP, "webp", "image/webp", "webp"),
    (Media::Gif, "gif", "image/gif", "gif"),
    (Media::Amr, "amr", "audio/amr", "amr"),
    (Media::AmrWide, "amr_wide", "audio/amr-wb", "awb"),
    (Media::Wav, "wav", "audio/wav", "wav"),
    (Media::Ogg, "ogg", "audio/ogg", "ogg"),
    (Media::Mp3, "mp3", "audio/mpeg", "mp3"),
    (Media::Aac, "aac", "audio/aac", "aac"),
    (Media::M4a, "m4a", "audio/mp4", "m4a"),
    (Media::Json, "json", "application/json", "json"),
];

impl Media {
    fn names(self) -> (&'static str, &'static str, &'static str) {
        let found = NAMES.iter().find(|(media, ..)| *media == self);
        found.map_or(
            ("", "application/octet-stream", "bin"),
            |(_, name, media_type, extension)| (name, media_type, extension),
        )
    }

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// The media type as which it is served.
    pub fn media_type(self) -> &'static str {
        self.names().1
    }

    /// How the names of such files end.
    pub fn extension(self) -> &'static str {
        self.names().2
    }

    /// Whether it is a picture.
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::WebP | Self::Gif)
    }

    /// Of the name in the table.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(_, own, ..)| *own == name);
        found.map(|(media, ..)| *media)
    }

    /// What these bytes are.
    ///
    /// # Errors
    /// Where they are nothing that is taken, with what to do about it.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        let at = |from: usize, mark: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(mark));
        let frame = |mask: u8, mark: u8| bytes.first() == Some(&0xff) && bytes.get(1).is_some_and(|b| b & mask == mark);
        let found = if at(0, b"\xff\xd8\xff") {
            Self::Jpeg
        } else if at(0, b"\x89PNG\r\n\x1a\n") {
            Self::Png
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Self::WebP
        } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
            Self::Gif
        } else if at(0, b"#!AMR-WB\n") {
            Self::AmrWide
        } else if at(0, b"#!AMR\n") {
            Self::Amr
        } else if at(0, b"RIFF") && at(8, b"WAVE") {
            Self::Wav
        } else if at(0, b"OggS") {
            Self::Ogg
        } else if at(4, b"ftyp") {
            return of_container(bytes);
        } else if frame(0xf6, 0xf0) {
            Self::Aac
        } else if at(0, b"ID3") || frame(0xe0, 0xe0) {
            Self::Mp3
        } else {
            return Err(Error::refused(Reason::UnsupportedFile));
        };
        Ok(found)
    }
}

/// MP4 and its kin by their brand: sound is taken, phones' HEIC pictures and films are not.
fn of_container(bytes: &[u8]) -> Result<Media> {
    let brand = bytes.get(8..12).unwrap_or_default();
    if [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"]
        .iter()
        .any(|own| *own == brand)
    {
        return Err(Error::because(
            Reason::UnsupportedFile,
            "暂不支持 HEIC、AVIF 图片，请在相机设置中选择“兼容性最佳”（JPEG）后重试。",
            "HEIC and AVIF pictures are not taken; let the camera save the most compatible form (JPEG).",
        ));
    }
    let has_film = bytes.windows(4).enumerate().any(|(at, mark)| {
        // The kind of a track stands 8 bytes behind the name of its `hdlr` box.
        mark == b"hdlr" && bytes.get(at + 12..at + 16) == Some(b"vide")
    });
    if has_film {
        return Err(Error::because(
            Reason::UnsupportedFile,
            "暂不支持视频，请上传图片或语音。",
            "Films are not taken; send pictures or voice.",
        ));
    }
    Ok(Media::M4a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (bytes, media) in [
            (&b"\xff\xd8\xff\xe0"[..], Media::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Media::Png),
            (b"RIFF\0\0\0\0WEBPVP8 ", Media::WebP),
            (b"RIFF\0\0\0\0WAVEfmt ", Media::Wav),
            (b"GIF89a", Media::Gif),
            (b"#!AMR\n<", Media::Amr),
            (b"#!AMR-WB\n<", Media::AmrWide),
            (b"OggS", Media::Ogg),
            (b"ID3\x03", Media::Mp3),
            (b"\xff\xfb\x90", Media::Mp3),
            (b"\xff\xf1\x50", Media::Aac),
            (b"\0\0\0\x20ftypM4A ", Media::M4a),
        ] {
            assert_eq!(Media::of(bytes).expect("taken"), media);
        }
        for bytes in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!DOCTYPE html><script>",
            b"PK\x03\x04",
            b"%PDF-1.7",
            b"MZ",
            b"\0\0\0\x18ftypheic",
            b"\0\0\0\x18ftypisom\0\0\0\0moovtrakhdlr\0\0\0\0\0\0\0\0vide",
        ] {
            assert_eq!(Media::of(bytes).expect_err("refused").reason(), Reason::UnsupportedFile);
        }
    }

    #[test]
    fn every_kind_reads_back_by_its_name() {
        for (media, name, ..) in NAMES {
            assert_eq!(Media::from_name(name), Some(media));
            assert_eq!(media.name(), name);
        }
    }
}
