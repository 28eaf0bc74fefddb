//! The demo city as an SVG on standard output: `cargo run -p city --example sketch > demo.svg`.
use city::{City, DEMO_SEED};

fn main() {
    let start = std::time::Instant::now();
    let city = City::demo(DEMO_SEED);
    eprintln!("{} people, made in {:?}, {} bytes", city.people(), start.elapsed(), city.save().len());
    println!("{}", city.sketch(1200.0));
}
