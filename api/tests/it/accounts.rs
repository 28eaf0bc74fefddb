//! Accounts, sign-in and roles.

use crate::service::Wayfare;

#[tokio::test]
async fn who_signs_in_is_told_who_they_are() {
    let wayfare = Wayfare::start().await;
    let courier = wayfare.person("courier").await;
    assert_eq!(courier.get("/api/me").await.expect(200)["role"], "courier");
}
