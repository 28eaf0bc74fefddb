fn clients() {
    // ruleid: followed-redirects
    let one = reqwest::Client::new();
    // ruleid: followed-redirects
    let two = Client::builder().timeout(patience).build();
    // ok: followed-redirects
    let three = Client::builder().redirect(Policy::none()).timeout(patience).build();
    // ok: followed-redirects
    let four = Shop::new();
}
