//! Pictures are decoded and made anew: what is kept is what can be seen, upright, and
//! nothing that came with it (where it was taken, by what, a second file behind the first).

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::kind::Media;
use super::model::Variant;
use crate::error::{Error, Reason, Result};

/// A picture of more pixels is refused before it is decoded: 50 million.
const MOST_PIXELS: u64 = 50_000_000;
/// What a decoder may take, in bytes: four for each pixel, and room to work.
const MOST_MEMORY: u64 = 320 << 20;
/// A picture is kept with so many pixels at its longer edge at the most; a page of a
/// document can be read so.
const LONGEST_EDGE: u32 = 4096;
/// As JPEG writes pictures, from 1 to 100.
const QUALITY: u8 = 85;

/// A picture made anew.
pub(super) struct Picture {
    /// What it is now.
    pub media: Media,
    /// How wide, in pixels.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// Each form of it.
    pub forms: Vec<(Variant, Vec<u8>)>,
}

fn format_of(media: Media) -> Result<ImageFormat> {
    Ok(match media {
        Media::Jpeg => ImageFormat::Jpeg,
        Media::Png => ImageFormat::Png,
        Media::WebP => ImageFormat::WebP,
        Media::Gif => ImageFormat::Gif,
        _ => return Err(Error::internal("this is no picture")),
    })
}

/// Makes a picture anew. It takes memory and time: not for an async worker.
///
/// # Errors
/// Where it has too many pixels or is broken.
pub(super) fn made_anew(bytes: &[u8], media: Media) -> Result<Picture> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format_of(media)?);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Error::refused(Reason::TooManyPixels));
    }
    // Without a readable direction it is taken as it lies.
    let direction = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    if let Some(direction) = direction {
        picture.apply_orientation(direction);
    }
    let is_see_through = picture.color().has_alpha() && shines_through(&picture);
    let picture = fit(picture, LONGEST_EDGE);
    let (width, height) = (picture.width(), picture.height());
    let mut forms = Vec::with_capacity(3);
    for (variant, edge) in [
        (Variant::Original, LONGEST_EDGE),
        (Variant::Large, 1280),
        (Variant::Small, 320),
    ] {
        let form = fit(picture.clone(), edge);
        forms.push((variant, written(form, is_see_through)?));
    }
    Ok(Picture {
        media: if is_see_through { Media::Png } else { Media::Jpeg },
        width,
        height,
        forms,
    })
}

fn shines_through(picture: &DynamicImage) -> bool {
    picture.to_rgba8().pixels().any(|pixel| pixel.0[3] != u8::MAX)
}

/// No longer at its longer edge than this.
fn fit(picture: DynamicImage, edge: u32) -> DynamicImage {
    match picture.width().max(picture.height()) > edge {
        true => picture.thumbnail(edge, edge),
        false => picture,
    }
}

fn written(picture: DynamicImage, is_see_through: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if is_see_through {
        let picture = DynamicImage::ImageRgba8(picture.into_rgba8());
        picture
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .map_err(Error::internal)?;
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        picture
            .into_rgb8()
            .write_with_encoder(encoder)
            .map_err(Error::internal)?;
    }
    Ok(bytes)
}

fn refused(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => Error::refused(Reason::TooManyPixels),
        _ => Error::refused(Reason::BrokenFile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
        picture.write_with_encoder(encoder).expect("written");
        bytes
    }

    #[test]
    fn a_cut_or_changed_picture_is_refused_or_made_and_never_dies() {
        let whole = jpeg(64, 48);
        for cut in 0..whole.len() {
            if let Err(error) = made_anew(&whole[..cut], Media::Jpeg) {
                assert!(
                    [Reason::BrokenFile, Reason::TooManyPixels].contains(&error.reason()),
                    "{cut}: {error}"
                );
            }
            let mut changed = whole.clone();
            changed[cut] ^= 0xff;
            let _ = made_anew(&changed, Media::Jpeg);
        }
        assert!(made_anew(b"", Media::Png).is_err());
    }

    #[test]
    fn a_picture_keeps_its_shape_and_is_never_made_larger() {
        let picture = made_anew(&jpeg(2000, 500), Media::Jpeg).expect("made");
        assert_eq!((picture.width, picture.height, picture.media), (2000, 500, Media::Jpeg));
        let sizes: Vec<(u32, u32)> = picture
            .forms
            .iter()
            .map(|(_, bytes)| {
                let read = image::load_from_memory(bytes).expect("a picture");
                (read.width(), read.height())
            })
            .collect();
        assert_eq!(sizes, [(2000, 500), (1280, 320), (320, 80)]);
        let small = made_anew(&jpeg(20, 10), Media::Jpeg).expect("made");
        assert!(
            small
                .forms
                .iter()
                .all(|(_, bytes)| image::load_from_memory(bytes).expect("one").width() == 20)
        );
        assert_eq!(
            made_anew(&jpeg(5000, 100), Media::Jpeg).expect("made").width,
            LONGEST_EDGE
        );
    }

    #[test]
    fn what_shines_through_stays_so() {
        let picture = RgbaImage::from_fn(8, 8, |x, _| Rgba([1, 2, 3, if x == 0 { 0 } else { 255 }]));
        let mut bytes = Vec::new();
        DynamicImage::ImageRgba8(picture)
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .expect("written");
        assert_eq!(made_anew(&bytes, Media::Png).expect("made").media, Media::Png);
    }
}
