//! What becomes of an uploaded picture: it is decoded within bounds, turned upright, made no larger than a page shows it, and
//! written anew. What else the file held is gone: where and when it was taken, comments, other files behind it.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    metadata::Orientation,
};

use crate::error::{Error, Result};

/// What is kept: larger ones are made smaller.
const LONGEST_SIDE: u32 = 1_600;
/// What is decoded at the most, in pixels of a side and in bytes of memory: a small file can say that it is enormous.
const LONGEST_SIDE_SENT: u32 = 10_000;
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
const QUALITY: u8 = 85;
/// A colour profile that is larger isn't kept.
const MOST_PROFILE: usize = 64 * 1024;

/// A picture as it is kept.
pub struct Picture {
    pub bytes: Vec<u8>,
    pub extension: &'static str,
}

/// Decodes a picture and writes it anew: a JPEG, or a PNG where it was one or has transparency.
///
/// # Errors
/// 413 for one that is too large to decode, 415 for what is no PNG, JPEG or WebP, or a broken one.
pub fn rewritten(bytes: &[u8]) -> Result<Picture> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| unknown())?;
    let format = reader.format().filter(|f| matches!(f, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP));
    let format = format.ok_or_else(unknown)?;
    let (image, profile) = decoded(reader).map_err(refused)?;
    let is_png = format == ImageFormat::Png || image.color().has_alpha();
    let written = if is_png { png(&image, profile) } else { jpeg(&image, profile) };
    let extension = if is_png { "png" } else { "jpg" };
    Ok(Picture { bytes: written.map_err(Error::internal)?, extension })
}

/// The picture, upright and no larger than it is kept, and its colour profile.
fn decoded(mut reader: ImageReader<Cursor<&[u8]>>) -> Result<(DynamicImage, Option<Vec<u8>>), ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE_SENT);
    limits.max_image_height = Some(LONGEST_SIDE_SENT);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| is_of_rgb(profile));
    let mut image = DynamicImage::from_decoder(decoder)?;
    if image.width().max(image.height()) > LONGEST_SIDE {
        image = image.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    image.apply_orientation(orientation);
    Ok((image, profile))
}

/// Without its profile a phone's picture is paler; one for other colours than those that are written would spoil it.
fn is_of_rgb(profile: &[u8]) -> bool {
    profile.len() <= MOST_PROFILE && profile.get(16..20) == Some(b"RGB ")
}

fn jpeg(image: &DynamicImage, profile: Option<Vec<u8>>) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(ImageError::Unsupported)?;
    }
    encoder.encode_image(&image.to_rgb8())?;
    Ok(bytes)
}

fn png(image: &DynamicImage, profile: Option<Vec<u8>>) -> Result<Vec<u8>, ImageError> {
    let image: DynamicImage = if image.color().has_alpha() { image.to_rgba8().into() } else { image.to_rgb8().into() };
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).map_err(ImageError::Unsupported)?;
    }
    image.write_with_encoder(encoder)?;
    Ok(bytes)
}

fn refused(cause: ImageError) -> Error {
    match cause {
        ImageError::Limits(_) => Error::too_large(
            "image_too_large",
            format!("A picture has at most {LONGEST_SIDE_SENT} pixels a side and {MOST_MEMORY} bytes once decoded."),
        ),
        cause => Error::unsupported("not_an_image", "The picture can't be read: save it anew and send that.")
            .because(anyhow::Error::new(cause)),
    }
}

fn unknown() -> Error {
    Error::unsupported("not_an_image", "Send a PNG, JPEG or WebP picture.")
}
