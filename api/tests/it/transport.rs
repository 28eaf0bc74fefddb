//! The city as clients see it.

use crate::start::Wayfare;

#[tokio::test]
async fn the_city_says_where_it_is_and_whom_to_credit() {
    let wayfare = Wayfare::start().await;
    let city = wayfare.get("/api/city").await.expect(200);
    assert_eq!(city["name"], "Wayfare Demo City");
    assert_eq!((city["demo"].clone(), city["zone"].clone()), (true.into(), "Europe/Paris".into()));
    let edge = |side: &str| city["bounds"][side].as_f64().expect("a number of degrees");
    assert!(edge("south") < edge("north") && edge("west") < edge("east"));
    assert!(!city["attribution"].as_str().expect("a text").is_empty());
}
