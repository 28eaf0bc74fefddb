//! Pictures of products.

use reqwest::Method;

use crate::{client::Answer, fixtures::Person, start::Wayfare};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest of a picture";
const GIF: &[u8] = b"GIF89a and the rest of a picture";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and the rest of a picture";
const WEBP: &[u8] = b"RIFF\x10\x00\x00\x00WEBP and the rest of a picture";

async fn upload(manager: &Person, product: i64, kind: &str, bytes: &[u8]) -> Answer {
    let path = format!("/api/menu-items/{product}/image");
    let request = manager.request(Method::PUT, &path).header("content-type", kind).body(bytes.to_vec());
    Answer::to(request).await
}

#[tokio::test]
async fn a_picture_comes_back_as_it_was_and_may_be_kept_for_ever() {
    let wayfare = Wayfare::start().await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    for (kind, bytes) in [("image/png", PNG), ("image/gif", GIF), ("image/jpeg", JPEG), ("image/webp", WEBP)] {
        let item = upload(&manager, product, kind, bytes).await.expect(200);
        let picture = wayfare.get(item["image"].as_str().expect("an address")).await;
        assert_eq!((picture.status, picture.body.as_slice()), (200, bytes));
        let types: Vec<_> = picture.headers.get_all("content-type").iter().collect();
        assert_eq!(types, [kind]);
        assert_eq!(picture.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(picture.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn the_bytes_tell_what_a_picture_is_and_not_the_header() {
    let wayfare = Wayfare::start().await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let item = upload(&manager, product, "image/png", JPEG).await.expect(200);
    let picture = wayfare.get(item["image"].as_str().expect("an address")).await;
    assert_eq!(picture.header("content-type"), Some("image/jpeg"));
    for bytes in [b"<svg onload=alert(1)>".as_slice(), b"<html>", b"", b"RIFF", b"GIF99a"] {
        upload(&manager, product, "image/png", bytes).await.refused(415, "not_an_image");
    }
    upload(&manager, product, "image/svg+xml", PNG).await.refused(415, "bad_content_type");
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_refused_however_it_is_sent() {
    let wayfare = Wayfare::with(|config| config.image_limit = 1_000).await;
    let (product, manager) = (wayfare.product("Oat biscuit", 150, 7).await, wayfare.person("manager").await);
    let sized = |bytes: usize| PNG.iter().copied().chain(std::iter::repeat(0)).take(bytes).collect::<Vec<u8>>();
    upload(&manager, product, "image/png", &sized(1_000)).await.expect(200);
    upload(&manager, product, "image/png", &sized(1_001)).await.refused(413, "image_too_large");
    upload(&manager, product, "image/png", &sized(40_000)).await.refused(413, "body_too_large");
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
    upload(&manager, other, "image/png", PNG).await.refused(403, "not_your_shop");
    upload(&manager, 999_999, "image/png", PNG).await.refused(404, "not_found");
}
