//! Replicas tell the same of the buses without a word between them.

use crate::{
    process::Installation,
    wait::{SOON, note, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_tell_the_same_of_the_same_instant() {
    // Nothing is shared but the demo city: each has a database of its own, and no Redis.
    let (a, b) = (Installation::embedded().seeded(), Installation::embedded().seeded());
    let (a, b) = tokio::join!(a.serve(), b.serve());
    // Each answers for its own last tick: they are asked until that is the same.
    let (one, two) = until("both tell of the same instant", SOON, async || {
        let (one, two) = tokio::join!(a.client.get("/api/buses"), b.client.get("/api/buses"));
        let (one, two) = (one.expect(200), two.expect(200));
        (one["at"] == two["at"]).then_some((one, two))
    })
    .await;
    assert_eq!(one, two);
    if one["buses"].as_array().expect("a list").is_empty() {
        note("it is night in the demo city: two processes agree that there is no bus");
    }
}
