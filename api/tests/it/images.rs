//! Pictures of products.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use reqwest::Method;

use crate::{client::Answer, fixtures::Person, start::Wayfare};

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("a picture can be written");
    bytes.into_inner()
}

fn plain(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_pixel(width, height, Rgb([200, 30, 30])).into()
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    written(&plain(width, height), ImageFormat::Png)
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    written(&plain(width, height), ImageFormat::Jpeg)
}

/// A JPEG with an Exif part: held upright by turning it (orientation 6), and with words that nobody else should see.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let tiff = [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"[..], b"GPS 46.9 N 4.35 E"].concat();
    let body = [&b"Exif\0\0"[..], &tiff].concat();
    let length = u16::try_from(body.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &body, &jpeg[2..]].concat()
}

async fn upload(manager: &Person, product: i64, kind: &str, bytes: &[u8]) -> Answer {
    let path = format!("/api/menu-items/{product}/image");
    let request = manager.request(Method::PUT, &path).header("content-type", kind).body(bytes.to_vec());
    Answer::to(request).await
}

async fn shown(wayfare: &Wayfare, answer: &Answer) -> (Answer, DynamicImage) {
    let picture = wayfare.get(answer.expect(200)["image"].as_str().expect("an address")).await;
    assert_eq!(picture.status, 200);
    let image = image::load_from_memory(&picture.body).expect("what is kept is a picture");
    (picture, image)
}

fn files(wayfare: &Wayfare) -> usize {
    std::fs::read_dir(wayfare.place.dir.path().join("images")).expect("a folder").count()
}

#[tokio::test]
async fn a_picture_is_shown_as_what_it_is_and_may_be_kept_for_ever() {
    let wayfare = Wayfare::start().await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let transparent: DynamicImage = RgbaImage::from_pixel(8, 6, Rgba([1, 2, 3, 0])).into();
    let pictures = [
        ("image/png", png(8, 6), "image/png"),
        ("image/jpeg", jpeg(8, 6), "image/jpeg"),
        ("image/webp", written(&plain(8, 6), ImageFormat::WebP), "image/jpeg"),
        ("image/webp", written(&transparent, ImageFormat::WebP), "image/png"),
        // The bytes tell what a picture is, and not the header.
        ("image/png", jpeg(8, 6), "image/jpeg"),
        ("application/octet-stream", png(8, 6), "image/png"),
    ];
    for (kind, bytes, becomes) in pictures {
        let (picture, image) = shown(&wayfare, &upload(&manager, product, kind, &bytes).await).await;
        assert_eq!((image.width(), image.height()), (8, 6));
        let types: Vec<_> = picture.headers.get_all("content-type").iter().collect();
        assert_eq!(types, [becomes]);
        assert_eq!(picture.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(picture.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn what_can_not_be_decoded_is_refused() {
    let wayfare = Wayfare::start().await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let (png, jpeg) = (png(40, 40), jpeg(40, 40));
    let broken = [&png[..png.len() / 2], &jpeg[..3], &b"\xff\xd8\xff\xe0 and the rest"[..], &b"\x89PNG\r\n\x1a\n"[..]];
    let others = [b"<svg onload=alert(1)>".as_slice(), b"<html>", b"", b"RIFF", b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 "];
    for bytes in broken.into_iter().chain(others) {
        upload(&manager, product, "image/png", bytes).await.refused(415, "not_an_image");
    }
    upload(&manager, product, "image/svg+xml", &png).await.refused(415, "bad_content_type");
    upload(&manager, product, "image/gif", b"GIF89a").await.refused(415, "bad_content_type");
    assert_eq!(files(&wayfare), 0);
    assert_eq!(wayfare.metric("wayfare_images_total{outcome=\"not_an_image\"}").await, 10.0);
}

#[tokio::test]
async fn where_a_picture_was_taken_and_what_hides_behind_it_is_not_kept() {
    let wayfare = Wayfare::start().await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let sent = [with_exif(&jpeg(8, 6)), b"<script>alert(1)</script>".to_vec()].concat();
    let (picture, image) = shown(&wayfare, &upload(&manager, product, "image/jpeg", &sent).await).await;
    for secret in [&b"GPS"[..], b"Exif", b"script"] {
        assert!(!picture.body.windows(secret.len()).any(|part| part == secret));
    }
    assert_eq!((image.width(), image.height()), (6, 8), "turned as the Exif part says");
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_refused_or_made_smaller() {
    let wayfare = Wayfare::with(|config| config.image_limit = 20_000).await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let (_, image) = shown(&wayfare, &upload(&manager, product, "image/png", &png(2_000, 50)).await).await;
    assert_eq!((image.width(), image.height()), (1_600, 40));
    let long = [jpeg(8, 6), vec![0; 20_000]].concat();
    upload(&manager, product, "image/jpeg", &long).await.refused(413, "image_too_large");
    upload(&manager, product, "image/jpeg", &[long, vec![0; 40_000]].concat()).await.refused(413, "body_too_large");
    // A small file that says it is enormous: width and height stand in a PNG's first part, its checksum after them.
    let mut bomb = png(1, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let sum = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&sum);
    upload(&manager, product, "image/png", &bomb).await.refused(413, "image_too_large");
}

/// As PNG's specification defines it.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[tokio::test]
async fn a_picture_that_is_replaced_or_whose_product_is_retired_is_deleted() {
    let wayfare = Wayfare::start().await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let other = wayfare.product("Rye biscuit", 150, 7).await;
    upload(&manager, other, "image/png", &png(4, 4)).await.expect(200);
    let mut last = String::new();
    for _ in 0..3 {
        let item = upload(&manager, product, "image/png", &png(4, 4)).await.expect(200);
        if !last.is_empty() {
            wayfare.get(&last).await.refused(404, "not_found");
        }
        last = item["image"].as_str().expect("an address").to_owned();
        assert_eq!(wayfare.get(&last).await.status, 200);
    }
    assert_eq!(files(&wayfare), 2);
    manager.delete(&format!("/api/menu-items/{product}")).await.expect(204);
    wayfare.get(&last).await.refused(404, "not_found");
    assert_eq!(files(&wayfare), 1);
    assert!(wayfare.metric("wayfare_image_bytes").await > 0.0);
}

#[tokio::test]
async fn the_pictures_of_a_shop_have_so_much_room_together_and_a_replaced_one_gives_its_own_back() {
    let size = png(4, 4).len();
    let wayfare = Wayfare::with(|config| config.image_quota = 2 * size as u64 + 20).await;
    let manager = wayfare.person("manager").await;
    let products =
        [wayfare.product("A", 1, 1).await, wayfare.product("B", 1, 1).await, wayfare.product("C", 1, 1).await];
    for product in [products[0], products[1], products[0], products[1]] {
        upload(&manager, product, "image/png", &png(4, 4)).await.expect(200);
    }
    upload(&manager, products[2], "image/png", &png(4, 4)).await.refused(409, "image_quota");
    assert_eq!(files(&wayfare), 2);
    manager.delete(&format!("/api/menu-items/{}", products[0])).await.expect(204);
    upload(&manager, products[2], "image/png", &png(4, 4)).await.expect(200);
}

#[tokio::test]
async fn a_name_that_no_picture_can_have_leads_nowhere() {
    let wayfare = Wayfare::start().await;
    let names = [
        "..%2Fwayfare.db",
        "..%2F..%2Fetc%2Fpasswd",
        "jwt.key",
        "0123456789abcdef0123456789abcdef.exe",
        "0123456789abcdef0123456789abcdef.png",
        "%00",
    ];
    for name in names {
        wayfare.get(&format!("/api/images/{name}")).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_picture_of_another_shops_product_can_not_be_set() {
    let wayfare = Wayfare::start().await;
    let other = wayfare.number("SELECT MIN(id) FROM product WHERE shop_id = 2").await;
    let manager = wayfare.person("manager").await;
    upload(&manager, other, "image/png", &png(4, 4)).await.refused(403, "not_your_shop");
    upload(&manager, 999_999, "image/png", &png(4, 4)).await.refused(404, "not_found");
}
